"""Between text and ids: one contract, a file for each kind of token, one table."""
