"""What to know about ratings or clicks before training on them.

examine   the report
checks    the table of checks, and those of users, items, rows and splits
values    the checks of ratings and times
examined  what the checks build on
facts     what the data is, for people
"""
