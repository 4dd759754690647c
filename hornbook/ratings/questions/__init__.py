"""What can be asked of a run on ratings or clicks.

who          the user that is asked about: known by id, or a guest with a few ratings
recommend    the best items for a user
similar      the items that are most like one
explain      the parts of a prediction
predict      predictions for a file of pairs
"""
