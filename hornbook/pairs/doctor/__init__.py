"""What to know about pairs before training on them.

examine   the report
checks    the table of checks, and those of rows, splits and sides
labels    the checks of labels
examined  what the checks build on
facts     what the data are, for people
"""
