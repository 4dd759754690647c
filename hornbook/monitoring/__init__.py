"""What is recorded of a training while it runs.

measures   figures of one tensor
probe      looks on at some updates and writes a record of each
history    the records of a run
"""
