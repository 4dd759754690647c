"""How the parameters of published architectures and those of our nets become each other."""
