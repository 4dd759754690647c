"""What the machine offers: device, threads, products in the right precision, memory."""
