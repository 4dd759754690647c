"""What is found, and how it is told: one shape for terminal and page."""
