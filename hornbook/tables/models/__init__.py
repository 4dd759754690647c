"""Models of tables: what predicts a column from others."""
