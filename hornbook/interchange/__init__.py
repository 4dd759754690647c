"""Other people's formats: models that come in, and what leaves in a form that others read."""
