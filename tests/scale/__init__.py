"""The application on a Ray cluster of several nodes: spread, lost nodes, autoscaling. `make scale` runs these."""
