"""What stands in tables beside plain rows: lists of programs, rates in words, clocks that are changed."""
