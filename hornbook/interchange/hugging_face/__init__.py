"""Folders in the layout of Hugging Face, in and out."""
