"""Tests of faltung_explain."""
