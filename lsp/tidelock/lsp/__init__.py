"""The language server face: static answers of its own, live ones asked from the kernel.

It never waits for Lua, and knows a kernel only as its client.
"""
