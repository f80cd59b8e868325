"""JSON schemas of custom resources, made from the CustomResourceDefinitions' structural schemas.

Strict: a field that the definition does not know is an error, as with `kubectl apply --validate=strict`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

_SCHEMAS = ("items", "additionalProperties", "not")
_LISTS = ("allOf", "anyOf", "oneOf")


@cache
def validators(folder: Path) -> dict[tuple[str, str], Draft7Validator]:
    """A validator for each (apiVersion, kind) defined in the folder's files."""
    found = {}
    for file in folder.glob("*.yaml"):
        for definition in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader):
            if not definition or definition["kind"] != "CustomResourceDefinition":
                continue
            spec = definition["spec"]
            for version in spec["versions"]:
                schema = _strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
                found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = Draft7Validator(schema)
    return found


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Kubernetes' extensions of OpenAPI in plain JSON Schema ("Extend the Kubernetes API with CRDs")."""
    made = {
        key: value for key, value in schema.items() if not key.startswith("x-kubernetes-") and key not in ("nullable",)
    }
    if "properties" in made:
        made["properties"] = {name: _strict(inner) for name, inner in made["properties"].items()}
        if "additionalProperties" not in made and not schema.get("x-kubernetes-preserve-unknown-fields"):
            made["additionalProperties"] = False
    for key in _SCHEMAS:
        if isinstance(made.get(key), dict):
            made[key] = _strict(made[key])
    for key in _LISTS:
        if key in made:
            # Kubernetes allows these no properties of their own, so an unknown one is none of their business.
            made[key] = [{k: v for k, v in inner.items() if k != "properties"} for inner in made[key]]
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if schema.get("nullable") and "type" in made:
        made["type"] = [made["type"], "null"]
    return made
