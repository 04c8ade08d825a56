"""The command line and REPL; the composition root that joins the faces, imported by none."""
