"""What a deployment adds to its stage: that it tells when it can't do its work."""
