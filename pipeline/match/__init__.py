"""Template matching after the scores: events, and the files they are written to."""
