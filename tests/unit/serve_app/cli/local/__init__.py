"""The local system as `dropforge up` makes it, and the verdict of the demo."""
