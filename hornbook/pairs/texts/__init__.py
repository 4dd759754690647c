"""Pairs whose targets are texts: how good a model is, what it gets wrong, what people see."""
