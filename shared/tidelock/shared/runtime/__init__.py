"""The one live Lua state and the thread that owns it; the only package that touches lupa."""
