"""Measures the speed and memory of faltung against its goals and against other programs; `python -m bench`."""
