"""The task of words: a vector for each word of a text, so that words used alike lie close.

Nobody says which words are alike. The task that a model is trained on is invented (Mikolov et al.
2013): tell the words that stand near a word from words drawn at random. What is wanted is not the
answer but the vectors with which it is given.
"""
