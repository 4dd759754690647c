"""What can be asked of a run on a table."""
