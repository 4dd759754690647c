"""From a file to batches: reading, splitting, tokenizing, streaming; and the data's doctor."""
