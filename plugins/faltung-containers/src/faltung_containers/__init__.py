"""Signals and kernels as other libraries hold them: pandas, xarray, polars, torch, jax, R and others."""
