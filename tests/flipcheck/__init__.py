"""Tests of faltung_flipcheck."""
