"""LuaCATS, the language of comments in which people write what Lua cannot say.

- ``written`` are types as they stand there, ``reader`` reads them.
- ``tags`` are the lines that begin with ``@``, ``blocks`` reads comments line by line.

Nothing in here knows a syntax tree, or what a name means.
"""
