"""Pairs whose targets are labels: how good a model is, what stands beside it, what people see."""
