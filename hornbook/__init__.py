"""Train small language models on your own data, and see what happens inside them."""

from hornbook.version import __version__

__all__ = ["__version__"]
