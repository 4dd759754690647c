"""GGUF, in and out: the one file that llama.cpp runs."""
