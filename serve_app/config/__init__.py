"""What an operator can set: the settings, the Serve config file, retry policies, and names made from a drop's.

Begin with `settings`. It imports the settings' own types from `actors`, and no room of the application.
"""
