"""Probes for anything that might convolve: whether it convolves or correlates, and whether it hears the future."""
