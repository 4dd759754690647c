"""One page to give away: a trained model with its weights, its sampler and its reader in a file."""
