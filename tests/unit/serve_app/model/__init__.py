"""States, views and selections as values."""
