"""The Jupyter kernel face: five channels over one Context."""
