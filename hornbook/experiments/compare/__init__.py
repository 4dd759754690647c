"""Which of several models is really better on some data: what `hornbook.compare` does."""
