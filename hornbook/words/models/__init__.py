"""Models of words: a vector for each."""
