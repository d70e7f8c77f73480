"""Runs: which files a configuration means and what becomes of each, as plain functions with frozen results."""
