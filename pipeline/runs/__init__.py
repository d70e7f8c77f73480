"""What the command does with files, as plain functions with frozen results: run, plan, bake and search."""
