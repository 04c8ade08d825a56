"""The one debugger engine: breakpoints, stepping, pauses; it knows no protocol."""
