"""Every picture's common ground: lettering, colours, saving."""
