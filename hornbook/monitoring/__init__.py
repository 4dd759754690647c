"""What is recorded of a training while it runs.

record     the figures of one update, and how a line of them is read
measures   figures of one tensor
probe      looks on at some updates and makes a record of each
history    the records of a run, and what can be read off them
"""
