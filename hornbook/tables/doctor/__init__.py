"""What to know about a table before training on it.

examine   the report
columns   the table of all columns
checks    the table of checks, and those of columns and rows
target    the checks of what is predicted, and of what gives it away
splits    the checks of train against dev and test
dependencies  the check of columns that others give
alone     how well each column alone predicts
examined  what the checks build on
"""
