"""Every test of the project, and the tools that start what tests need; README.md says what each folder is for."""
