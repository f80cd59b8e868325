"""The arithmetic of the benchmarks' simulation."""
