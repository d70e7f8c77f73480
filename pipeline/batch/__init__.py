"""Many files: tasks of plain data, workers that may die, a manifest to go on from, and the report of a run."""
