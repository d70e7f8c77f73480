"""Pure functions and small machines on arrays: how a convolution is computed, and what kernels are designed from."""
