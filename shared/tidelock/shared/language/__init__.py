"""What the names in a syntax tree mean; pure functions that know no protocol and no runtime.

- ``scopes``: locals, upvalues, globals and labels of a text, references both ways.
- ``members``: the fields of tables as the text shows them; ``stdlib``: the library of each Lua.
- ``luacats`` and ``annotations``: what comments declare, ``mentions`` their words;
  ``suppressions``: what they hide.
- ``types``: what values are, found by reading; ``modules``: other texts, as types ask for them.
- ``completion``, ``hover``, ``symbols``: what an editor, a notebook or a terminal asks about a
  place; ``targets`` and ``descriptions`` serve them, ``facts`` is the form in which a caller adds
  what the running program was seen to hold.
- ``diagnostics``: the verdict of ``load`` and the findings of the parser as one list.

Import the modules by name: none is needed before it is asked.
"""
