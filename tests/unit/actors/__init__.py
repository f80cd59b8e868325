"""The stages: what becomes of bytes, cells and images, and the errors and retries that all of it stands on."""
