"""The language server face: static answers of its own, live ones asked from the kernel."""
