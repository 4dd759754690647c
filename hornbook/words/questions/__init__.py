"""What can be asked of a run on words."""
