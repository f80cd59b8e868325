"""Parts joined to an output, in a real object store."""
