"""The live Lua runtime and what all faces of Tidelock have in common.

Nothing in here knows a protocol face (kernel, dap, lsp) or the terminal.
"""
