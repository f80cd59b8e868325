"""The RayService and its overlays; in Python, what writes its Serve config from the one `serve_config.yaml`.

Begin with `serve_config`. It imports nothing of ours.
"""
