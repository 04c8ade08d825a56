"""A workspace of many texts: what each offers the others, found once and kept.

- ``summary``: what one text sets, exports, declares, requires and names; plain values.
- ``files``: which files of a folder are Lua texts worth reading; ``ignores`` reads the rules.
- ``snapshot``: the summaries of many files, frozen; ``space`` joins one with the open texts.

Nothing in here runs a text, knows a protocol, or keeps the tree of a file that nobody asked for.
"""
