"""Processes that read the data once and make run after run, for experiments of several jobs."""
