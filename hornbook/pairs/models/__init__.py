"""Families of models of pairs: nets, and the plain baselines that stand beside them."""
