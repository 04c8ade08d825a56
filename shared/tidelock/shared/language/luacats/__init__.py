"""LuaCATS, the language of comments in which people write what Lua cannot say.

- ``written`` are types as they stand there, ``reader`` reads them.
- ``tags`` are the lines that begin with ``@``, ``blocks`` reads comments line by line.
- ``words`` are what of them can be looked up: names, each with its role.

Nothing in here knows a syntax tree, or what a name means.
"""
