"""Settings and serve_config.yaml: what is read, and what is refused with a name."""
