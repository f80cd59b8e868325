"""The application as a process of its own, so that it can be killed as a node is.

    python -m tests.chaos.application CONFIG PORT

Says `up` once it serves. Then does what it reads, a command a line: `deploy CONFIG` hands a config file to the
controller and says `deployed`, `settle` says `settled` once every deployment is healthy. It ends when its input
does, and on SIGTERM, as `serve run` ends.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from serve_app.config.serve_config import read_config
from serve_app.local_host import Host, HostOptions
from serve_app.monitoring.health import APPLICATION
from serve_app.ray_private import serve_client

_POLL_S = 0.1


def main(config: str, port: str) -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with Host(HostOptions(port=int(port), settings={}, config=Path(config)), on_progress=_tell):
        _say("up")
        for line in sys.stdin:
            match line.split():
                case ["deploy", path]:
                    _deploy(Path(path))
                    _say("deployed")
                case ["settle"]:
                    _settle()
                    _say("settled")


def _deploy(config: Path) -> None:
    """What `serve deploy` does, which reaches the controller by way of the dashboard."""
    from ray import serve
    from ray.serve.schema import ServeDeploySchema

    before = serve.status().applications[APPLICATION].last_deployed_time_s
    serve_client().deploy_apps(ServeDeploySchema.model_validate(read_config(config)))
    while serve.status().applications[APPLICATION].last_deployed_time_s == before:
        time.sleep(_POLL_S)


def _settle() -> None:
    from ray import serve

    while True:
        application = serve.status().applications[APPLICATION]
        if application.status == "DEPLOY_FAILED":
            sys.exit(application.message)
        if application.status == "RUNNING" and all(d.status == "HEALTHY" for d in application.deployments.values()):
            return
        time.sleep(_POLL_S)


def _say(line: str) -> None:
    print(line, flush=True)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
