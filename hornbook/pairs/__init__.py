"""The task of pairs: something given, something to say, as a text or as one of some labels."""
