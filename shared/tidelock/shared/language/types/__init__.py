"""Inference: the types of the values in a text, found by reading it and what it can see.

- ``kinds`` are the types, ``printing`` writes them; ``inference`` is where all questions are asked.
- ``tracing`` follows a variable and makes the graph of ``flow``; ``narrowing`` is what a test
  leaves of a type.
- ``names``, ``properties``, ``calls``, ``operators``, ``metatables``, ``generics``, ``builtins``
  and ``contexts`` are its parts; ``declared`` and ``meanings`` are what annotations add.

Import the modules by name: none is needed before it is asked.
"""
