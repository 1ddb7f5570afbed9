"""SQL, and nothing else: two databases, both first-class. See README.md beside this file for the clock and the visibility predicate."""
