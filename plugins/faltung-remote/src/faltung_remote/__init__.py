"""Files in stores that fsspec reaches, for URLs such as ``s3://bucket/take.wav`` among the inputs and the outputs."""
