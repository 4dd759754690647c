"""Between text and ids: characters first; one contract."""
