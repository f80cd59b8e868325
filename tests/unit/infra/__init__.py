"""The sample catalogue of the local system."""
