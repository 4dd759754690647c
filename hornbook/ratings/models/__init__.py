"""Models of ratings and of clicks: what predicts, ranks and explains."""
