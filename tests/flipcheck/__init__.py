"""Tests of pipeline.flipcheck."""
