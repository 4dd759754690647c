"""Where threads that share the batches of a training note what they have done: see `meeting`."""

from __future__ import annotations

__all__ = ["BEGUN", "DONE", "GIVEN_UP", "NOTES"]

NOTES = 8
"""Numbers for all, and as many for each share: a line of the cache, which two threads should not
both write to."""
# Of those for all: how many shares of parts are done, and what is no longer 0 where one will not
# be: nobody waits for it then. Of a share's: the parts that were begun of it.
DONE, GIVEN_UP, BEGUN = 0, 1, 0
