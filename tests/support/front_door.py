"""A second application of the same Serve that only its token opens; it drives nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ray import serve

from serve_app.config.settings import Settings
from serve_app.ingress import Ingress

from .stack import Stack

TOKEN = "correct-horse-battery-staple"
ROUTE = "/closed"


@dataclass(frozen=True, slots=True)
class FrontDoor:
    url: str


@contextmanager
def running_front_door(stack: Stack) -> Iterator[FrontDoor]:
    settings = Settings(
        api_token=TOKEN,
        pull=False,
        push_audience="https://shop.example/pubsub/push",
        push_service_account="push@shop.iam.gserviceaccount.com",
        work_prefix="closed/",
    )
    deploy = serve.deployment(ray_actor_options={"num_cpus": 0.1})
    serve.run(deploy(Ingress).bind(settings, None, None, None, None), name="closed", route_prefix=ROUTE)
    yield FrontDoor(f"{stack.url}{ROUTE}")
    serve.delete("closed")
