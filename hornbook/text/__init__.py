"""The language task: text, in lines or as one stream, and what makes more of it."""
