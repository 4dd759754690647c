"""What a run survives: kills, signals, races, a full disk, damaged bytes, hostile links.

    python -m benchmarks.faults [--rounds 20] [--seed 0] [--only kills,writes,…]

child      something done in a process of its own, which may be killed while it does it
work       what is done to runs, and what must hold after any of it was cut short
kinds      the kinds of faults
__main__   all of them, counted

Every fault is tried on real files; a child is forked from a process that has loaded torch, so that
a thousand kills take minutes.
"""
