"""Pictures of what is inside a model."""
