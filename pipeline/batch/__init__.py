"""Many files: tasks of plain data, workers that may die, and a manifest that lets a run go on where it stopped."""
