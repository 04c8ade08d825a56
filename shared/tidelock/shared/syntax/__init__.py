"""Lua text to tree, for every Lua from 5.1 to 5.5 and LuaJIT; never raises, never runs Lua."""
