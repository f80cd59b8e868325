"""The command, run in this process against an API with canned answers over real HTTP (tests/support/fake_api.py)."""
