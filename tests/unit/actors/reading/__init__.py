"""The plan of a drop, its text, and the columns that come of a specification and a category path."""
