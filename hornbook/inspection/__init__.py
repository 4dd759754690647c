"""Inspect a finished run of any task: findings, figures and tables. Not needed for training."""
