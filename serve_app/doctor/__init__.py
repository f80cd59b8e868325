"""What `dropforge doctor` looks at: whether a project is set up so that drops are noticed and nothing is lost."""
