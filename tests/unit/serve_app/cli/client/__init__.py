"""What a command speaks to: the API, the running system of a folder, a run that is followed."""
