"""A search over settings: many trainings of one family, each in a run directory, and the best."""
