"""The task of columns: predict one column of a table from the others.

run = hornbook.train("houses.csv", target="price")
run.predict("new.csv")
"""
