"""The application: what reaches the system from outside, who drives a run, and what people see of it."""
