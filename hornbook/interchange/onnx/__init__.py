"""A run's next step as an ONNX graph, its state an input and an output."""
