"""The health of a net in training: what is recorded, what it says, and what to change.

measures   figures of one tensor
probe      looks on at some updates and writes a record of each
history    the records of a run
verdicts   what is amiss in a history, in words, and what to change
pictures   of a history
usage      whether a model is used as it was trained to be
"""
