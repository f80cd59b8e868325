"""The RayService and its overlays. The only Python here writes its Serve config from `serve_config.yaml`.

Begin with `serve_config`. This package imports nothing of the project.
"""
