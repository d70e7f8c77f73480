"""The tests; each folder mirrors one of the package, `promises` holds the numerical ones."""
