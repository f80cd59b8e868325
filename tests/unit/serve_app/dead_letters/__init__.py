"""Dead letters on a real Pub/Sub and in a real bucket."""
