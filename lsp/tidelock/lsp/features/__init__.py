"""What an editor can ask about a text: one feature per file, one public function each.

A feature is given a document, an offset and a view of the running program, and gives a plain
result. It knows no protocol, keeps nothing, and works as well when there is no program.
"""
