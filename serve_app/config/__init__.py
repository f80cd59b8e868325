"""What an operator can configure: settings, the Serve config file, retry policies, and object names.

Begin with `settings`. This package imports the settings' types from `actors`, and nothing else of `serve_app`.
"""
