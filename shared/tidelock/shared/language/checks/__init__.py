"""The checks: what is wrong with a text beyond its grammar, and what would mend it.

``codes`` is the one list of what can be found. Checks are pure: they are given a text and what is
known of others, and they stay silent about what cannot be told for certain.
"""
