"""Lua text to tree, for every Lua from 5.1 to 5.5 and LuaJIT; never raises, never runs Lua.

- ``parser.parse`` gives the ``Tree`` of a text, whatever the text; ``tree`` lists the nodes.
- ``statements`` knows where a breakpoint can stand, ``inputs`` what a REPL or a notebook means by
  its text, ``conditions`` the expressions of conditional breakpoints and log points.
"""
