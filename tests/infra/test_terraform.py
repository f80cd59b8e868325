"""The Terraform configuration: its names are the application's, and Terraform itself accepts it.

Terraform runs offline, against the google provider's own argument schema, where ../shared/tools is there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from serve_app.config.settings import Settings

from .manifests import ROOT, TERRAFORM
from .tools import run_tool

CHECK = ROOT.parent / "shared" / "tools" / "offline-terraform" / "check"


def _default(variable: str) -> str:
    text = (TERRAFORM / "variables.tf").read_text()
    (value,) = re.findall(rf'variable "{variable}" \{{[^}}]*?default\s+= "([^"]*)"', text)
    return value


def test_names_are_the_application_s() -> None:
    settings = Settings()
    name = _default("name")

    assert name == settings.subscription
    assert f"{name}-dead-letters" == settings.dead_letter_topic == settings.dead_letter_subscription
    assert _default("watched_prefix") == settings.watched_prefix
    assert _default("work_prefix") == settings.work_prefix
    assert settings.image_folder.startswith(_default("image_prefix"))
    for prefix in (settings.output_prefix, settings.rejects_prefix, _default("image_prefix")):
        assert not prefix.startswith(_default("work_prefix")), "what is below the work prefix expires"


def test_every_variable_and_output_says_what_it_is() -> None:
    for file in TERRAFORM.rglob("*.tf"):
        for block in re.split(r"^(?=variable|output)", file.read_text(), flags=re.MULTILINE):
            if block.startswith(("variable", "output")):
                assert re.search(r'^  description = "\S', block, flags=re.MULTILINE), block.splitlines()[0]


def terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    if not CHECK.exists():
        pytest.skip("../shared/tools/offline-terraform is not there")
    return subprocess.run([CHECK, folder, *arguments], capture_output=True, text=True, timeout=600)


@pytest.mark.slow
def test_terraform_accepts_it_and_its_own_tests_pass() -> None:
    ran = terraform(TERRAFORM)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"Success! \d+ passed, 0 failed", ran.stdout)


@pytest.mark.slow
def test_a_plan_is_made() -> None:
    ran = terraform(TERRAFORM, "plan", "-input=false", "-var=project=shop", "-var=repository=shop/dropforge")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"Plan: \d+ to add, 0 to change, 0 to destroy", ran.stdout)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake: `old`, in a file, replaced; `error` is what Terraform has to say of it."""

    file: str
    old: str
    new: str
    error: str


MISSPELT = [
    Mutant("modules/buckets/main.tf", "public_access_prevention ", "public_acess_prevention ", "Unsupported argument"),
    Mutant("modules/messaging/main.tf", "dead_letter_policy {", "deadletter_policy {", "Unsupported block type"),
    Mutant("modules/messaging/main.tf", 'payload_format     = "NONE"', "", "Missing required argument"),
    Mutant("modules/buckets/main.tf", "enabled = true", 'enabled = "always"', "a bool is required"),
    Mutant("modules/cluster/main.tf", "ray_operator_config {", "ray_operator {", "Unsupported block type"),
    Mutant("modules/network/main.tf", "ttl          = 300", 'ttl          = "short"', "a number is required"),
    Mutant("modules/identity/main.tf", "local.members.core\n", "local.members\n", "string required"),
    Mutant("main.tf", "module.registry.repository\n", "module.registry.repo\n", "Unsupported attribute"),
    Mutant("main.tf", "  removable         = !local.prod\n", "", "Missing required argument"),
    Mutant(
        "modules/head_store/main.tf", "google_redis_instance", "google_redis_instanz", "does not support resource type"
    ),
]
"""What `terraform validate` has to see."""

WRONG = [
    Mutant("modules/messaging/main.tf", "ttl = local.never_expires", 'ttl = "2678400s"', "must not vanish"),
    Mutant("modules/buckets/main.tf", '"${var.work_prefix}runs/"', '"processed/"', "never an output"),
    Mutant("modules/buckets/main.tf", '".csv", ".jsonl"', '".csv", ".json"', "they never expire"),
    Mutant("modules/identity/main.tf", 'objectCreator"', 'objectAdmin"', "neither replace nor delete"),
    Mutant("main.tf", '= var.push_endpoint == ""\n', "= true\n", "must not be pulled too"),
]  # fmt: skip
"""What is valid, and wrong: Terraform's own tests have to see it."""


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MISSPELT, ids=lambda mutant: mutant.new.strip()[:30] or mutant.old.strip()[:30])
def test_a_mistake_is_seen(mutant: Mutant, tmp_path: Path) -> None:
    _fails(mutant, tmp_path, "validate")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", WRONG, ids=lambda mutant: mutant.new[:30])
def test_a_wrong_value_is_seen(mutant: Mutant, tmp_path: Path) -> None:
    module = Path(mutant.file).parent.name
    _fails(mutant, tmp_path, "test", f"-filter=tests/{module or 'plan'}.tftest.hcl")


def _fails(mutant: Mutant, tmp_path: Path, *command: str) -> None:
    folder = tmp_path / "terraform"
    shutil.copytree(TERRAFORM, folder)
    file = folder / mutant.file
    text = file.read_text()
    assert mutant.old in text, "the mistake is made in nothing"
    file.write_text(text.replace(mutant.old, mutant.new, 1))

    ran = terraform(folder, *command)

    assert ran.returncode != 0, ran.stdout
    assert mutant.error in " ".join((ran.stdout + ran.stderr).replace("│", " ").split())


@pytest.mark.slow
def test_checkov_finds_nothing() -> None:
    run_tool("checkov==3.3.30", "--directory", str(TERRAFORM), "--framework", "terraform", "--skip-download", "--quiet",
             "--compact")  # fmt: skip
