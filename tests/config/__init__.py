"""Tests of the configuration: the text, the settings, the places, the paths."""
