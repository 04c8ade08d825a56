"""A rule of a project: modules log, they do not print."""

from tidelock.shared.language.rules import Rule


class NoPrint(Rule):
    """Finds calls of the global ``print``."""

    code = "no-print"
    severity = "warning"

    def visit_Call(self, node, report):
        """A call: ``func`` is what is called, a ``Name`` has its text in ``id``."""
        if getattr(node.func, "id", None) == "print":
            report(node.func, "print is for programs; a module uses its log")
