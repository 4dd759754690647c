"""Views and verdicts that hold for any run: they read runs and are never needed to train."""
