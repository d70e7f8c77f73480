"""What stands in tables beside plain rows: lists of programs, dates, rates in words, clocks that are changed."""
