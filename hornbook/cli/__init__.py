"""The command line: it parses, calls the library, and prints."""

from hornbook.cli.main import main

__all__ = ["main"]
