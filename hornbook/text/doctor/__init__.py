"""What to know about a corpus before training on it.

examine    the report
findings   the table of checks, and most of them
symbols    the checks of single characters
patient    what the checks build on
"""
