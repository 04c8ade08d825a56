"""What each command does: read the flags, make one call, print what came of it."""
