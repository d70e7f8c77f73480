"""Many files: the report of a run."""
