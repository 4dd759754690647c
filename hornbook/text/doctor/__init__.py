"""What to know about a corpus before training on it.

examine          the report
findings         the table of checks, and most of them
characters       the checks of single characters
examined_corpus  what the checks build on
"""
