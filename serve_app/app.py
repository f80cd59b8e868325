"""The builder of the Serve application; `serve_config.yaml` names it as `serve_app.app:build`."""

# No `from __future__ import annotations` here: Serve reads the builder's annotations to type its arguments.

from typing import Any

from ray import serve
from ray.serve import Application

from actors.deployments.attributes import Attributes
from actors.deployments.cleaner import Cleaner
from actors.deployments.image_fetcher import ImageFetcher
from actors.deployments.writer import Writer
from serve_app.config.serve_config import checked_settings
from serve_app.security.access import check_closed

from .ingress import Ingress


def build(args: dict[str, Any]) -> Application:
    """Binds the five deployments.

    Raises `BAD_SETTINGS`, before anything starts, when a setting is unknown or not valid, or when the settings would
    let anyone in.
    """
    settings = checked_settings(args)
    check_closed(settings)
    deploy = serve.deployment()
    return deploy(Ingress).bind(
        settings,
        deploy(Attributes).bind(settings.project, settings.scan_chunk_bytes),
        deploy(Cleaner).bind(settings.text, settings.project),
        deploy(ImageFetcher).bind(settings.images, settings.project),
        deploy(Writer).bind(settings.project),
    )
