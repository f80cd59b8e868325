"""The application without Ray: settings, runs, dead letters, security, the page and the command."""
