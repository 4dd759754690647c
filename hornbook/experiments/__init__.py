"""Experiments over several models: the best for some data."""
