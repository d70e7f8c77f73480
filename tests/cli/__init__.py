"""Tests of the command `faltung`."""
