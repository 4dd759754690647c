"""Files as they come: data sets by name, checked downloads, bytes to text."""
