"""The debug adapter face: DAP sessions over one Context, and the relay; it knows no other face."""
