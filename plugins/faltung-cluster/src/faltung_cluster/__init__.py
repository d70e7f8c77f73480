"""Work beyond one process and one file: the workers of a Dask scheduler, and long files cut into shards."""
