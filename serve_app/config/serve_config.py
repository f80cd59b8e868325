"""Reads `serve_config.yaml` and reports unknown names in it, each with the name that was probably meant.

Ray Serve silently ignores misspelled option names, so every name is checked against its schema before a deploy.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, Union

from pydantic import BaseModel, ValidationError

from actors.errors import Code, DropforgeError

from .config_file import read_yaml
from .retry_policies import StagePolicies
from .settings import Settings

Model = TypeVar("Model", bound=BaseModel)


def read_config(path: Path) -> dict[str, Any]:
    """The contents of a valid Serve config file. Raises `BAD_SETTINGS` with every fault on a line of its own."""
    from ray.serve.schema import ServeDeploySchema  # takes seconds to import, and only a deploy needs it

    config: dict[str, Any] = read_yaml(path)
    _checked(config, ServeDeploySchema, path.name)
    for application in config["applications"]:
        checked_settings(application.get("args") or {})
        for deployment in application.get("deployments") or []:
            if deployment["name"] == "Ingress":
                _checked(deployment.get("user_config") or {}, StagePolicies, f"{path.name}: Ingress.user_config")
    return config


def checked_settings(args: Mapping[str, Any]) -> Settings:
    """The settings from an application's `args` and the environment.

    Raises `BAD_SETTINGS` with every fault on a line of its own.
    """
    if args.get("api_token"):
        raise DropforgeError(
            Code.BAD_SETTINGS,
            "args.api_token: set the environment variable DROPFORGE_API_TOKEN instead. Everyone who can open Ray's "
            "dashboard can read `args`.",
        )
    return _checked(args, Settings, "args")


def _checked(value: Any, kind: type[Model], where: str) -> Model:
    faults = list(_unknown(value, kind, where))
    if not isinstance(value, Mapping):
        faults = [f"{where}: must be a mapping of names to values, not {value!r:.80}"]
    if not faults:
        try:
            return kind(**value)
        except ValidationError as error:
            faults = [f"{'.'.join((where, *map(str, fault['loc'])))}: {fault['msg']}" for fault in error.errors()]
    raise DropforgeError(Code.BAD_SETTINGS, "\n".join(faults))


def _unknown(value: Any, kind: Any, where: str) -> Iterator[str]:
    """Yields a sentence for each name in `value` that the pydantic model `kind` does not have, at any depth."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from _unknown(item, kind, f"{where}[{item.get('name', at) if isinstance(item, dict) else at}]")
    elif isinstance(value, Mapping) and isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, inner in value.items():
            if name not in kind.model_fields:
                yield f"{where}: unknown name {name!r}{_nearest(name, kind.model_fields)}"
                continue
            for model in _models(kind.model_fields[name].annotation):
                yield from _unknown(inner, model, f"{where}.{name}")


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The pydantic models in a field's annotation, also inside optionals and lists."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif typing.get_origin(annotation) in (Union, types.UnionType, list, tuple):
        for inner in typing.get_args(annotation):
            yield from _models(inner)


def _nearest(name: str, names: Iterable[str]) -> str:
    found = difflib.get_close_matches(str(name), list(names), n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else f"; the known names are {', '.join(sorted(names))}."
