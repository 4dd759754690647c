"""Pairs that are made: something given and something to say, where what is right is known.

`kinds` is the table of kinds, one file for each family of them; `making` draws pairs and writes
them.
"""
