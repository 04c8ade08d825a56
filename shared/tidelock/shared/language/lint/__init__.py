"""Runs the rules that users write (``language.rules``), in a process of its own."""
