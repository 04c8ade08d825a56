"""How a text is laid out: our own formatter, and StyLua where the user has it."""
