"""The debug adapter face: DAP sessions over one Context, and the stdio relay."""
