"""Tests of the measurement of rooms, on rooms that are made here and known."""
