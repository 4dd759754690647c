"""Record activations, gradients and updates while a model trains.

record     the record of one update, and how it is read from a line of JSON
measures   statistics of one tensor
probe      observes some of the updates and records them
history    the records of a run, and what is computed from them
"""
