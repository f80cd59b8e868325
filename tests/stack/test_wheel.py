"""Dropforge installed from its wheel, in a folder without a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 240


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the commands of an environment that has the wheel.

    The pinned requirements are those of the environment that runs the tests: its packages come behind the new one's,
    and its link to the checkout does not come along.
    """
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    for name in ("actors", "serve_app", "infra"):
        source.mkdir(exist_ok=True)
        subprocess.run(["cp", "-r", str(ROOT / name), str(source / name)], check=True)
    for name in ("pyproject.toml", "README.md", "serve_config.yaml"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = ["wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run([*pip, *build], check=True, timeout=DEADLINE_S)
    (wheel,) = folder.glob("dropforge-*.whl")
    environment = folder / "environment"
    venv.create(environment)
    packages = sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)})
    (Path(packages) / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = environment / "bin" / "python"
    install = ["--python", str(python), "install", "--no-index", "--no-deps", "--ignore-installed", str(wheel)]
    subprocess.run([*pip, *install], check=True, timeout=DEADLINE_S)
    return environment / "bin"


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DROPFORGE_", "PYTHON"))}
    return subprocess.run(
        [str(installed / "dropforge"), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def test_the_wheel_is_what_runs(installed: Path, tmp_path: Path) -> None:
    told = run(installed, tmp_path, "config")
    assert told.returncode == 0, told.stderr
    path = Path(told.stderr.strip())
    assert path.is_relative_to(installed.parent)
    assert not path.is_symlink()
    assert told.stdout == (ROOT / "serve_config.yaml").read_text()


def test_the_demo_runs_in_any_folder(installed: Path, tmp_path: Path) -> None:
    finished = run(installed, tmp_path, "demo", "--json")
    assert finished.returncode == 0, finished.stderr
    answer = json.loads(finished.stdout)
    assert (answer["ok"], answer["faults"], answer["run"]["state"]) == (True, [], "done")
    assert list(tmp_path.iterdir()) == []


def test_check_reads_a_file_with_the_folder_s_config(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("uniq_id,product_name,description,image\n1,Shoe,These are shoes.,\n")
    checked = run(installed, tmp_path, "check", "shop.csv", "--json")
    assert checked.returncode in (0, 3), checked.stderr
    assert json.loads(checked.stdout)
    (tmp_path / "serve_config.yaml").write_text(
        "applications: [{name: dropforge, import_path: 'serve_app.app:build', args: {source_bucket: of-the-folder}}]"
    )
    settings = json.loads(run(installed, tmp_path, "config", "--json").stdout)["settings"]
    assert settings["source_bucket"] == "of-the-folder"
