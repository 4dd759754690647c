"""What a careful person would want to know of a corpus before training on it.

examine    the report
findings   the table of checks, and most of them
symbols    those that look at single symbols
patient    what the checks build on
"""
