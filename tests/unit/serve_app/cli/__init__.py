"""The command, run in this process against an API with canned answers over real HTTP (fake_api.py)."""
