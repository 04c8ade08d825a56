"""The Jupyter kernel face: five channels over one Context; it knows no other face."""
