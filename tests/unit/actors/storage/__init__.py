"""Objects, run records and publication, in a real object store and with a proxy before it that fails on purpose."""
