"""Small programs that are timed as whole processes; each is run by its path."""
