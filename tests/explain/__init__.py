"""Tests of pipeline.explain."""
