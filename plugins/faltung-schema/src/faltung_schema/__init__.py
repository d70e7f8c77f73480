"""The JSON Schema of configurations, with which editors complete and check them."""
