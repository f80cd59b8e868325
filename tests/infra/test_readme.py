"""infra/README.md names what there is."""

from __future__ import annotations

import re

from serve_app.config.settings import Settings

from .manifests import ROOT, TERRAFORM

README = (ROOT / "infra" / "README.md").read_text()


def test_terraform_outputs_exist() -> None:
    outputs = set(re.findall(r'^output "(\w+)"', (TERRAFORM / "outputs.tf").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"output -raw (\w+)", README)) | set(re.findall(r" (\w+):[\w.-]+\.(?:env|json)", README))

    assert named == outputs


def test_paths_exist() -> None:
    given = set(re.findall(r"\binfra/[\w./-]*\w", README)) - {
        "infra/terraform/backend.tf",
        "infra/terraform/terraform.tfvars",
    }
    linked = {f"infra/{path}" for path in re.findall(r"\]\(([\w./-]+)\)", README)}

    assert [path for path in sorted(given | linked) if not (ROOT / path).exists()] == []


def test_settings_exist() -> None:
    named = {name.lower() for name in re.findall(r"DROPFORGE_([A-Z_]+)", README)}

    assert named <= set(Settings.model_fields)
