#!/usr/bin/env bash
# Tests that are to have one worker have two, and nothing says so.
#
# Run: pytest-xdist 3.8.0 with pytest 9.2.0, and with 9.1.1 beside it, each on the same file of ten tests.
# One would expect `pytest -n 2 --dist loadgroup` to give all tests with the mark xdist_group("store") to one worker.
# What happens: with pytest 9.1.1 it does. With 9.2.0 they are spread over both, without a warning: xdist writes the
# group behind a test's id by assigning the private `_nodeid`, which pytest 9.2 no longer reads.
# Who meets it: whoever keeps tests of one database, port or device apart by such groups: they run beside each other
# after an upgrade, and fail now and then, or slowly. Here two Rays shared two cores.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > test_store.py <<'PY'
import pathlib
import time

import pytest


@pytest.mark.xdist_group("store")
@pytest.mark.parametrize("number", range(10))
def test_store(number, worker_id):
    time.sleep(0.1)
    pathlib.Path(f"{worker_id}.ran").touch()
PY
for version in 9.1.1 9.2.0; do
    python3 -m venv "venv-$version"
    "venv-$version/bin/pip" install -qq --disable-pip-version-check "pytest==$version" pytest-xdist==3.8.0
    rm -f ./*.ran
    "venv-$version/bin/python" -m pytest -q -n 2 --dist loadgroup test_store.py >out.txt
    echo "pytest $version: $(find . -maxdepth 1 -name '*.ran' | wc -l) workers ran the tests of one group"
done | tee seen
diff seen - <<'WANTED'
pytest 9.1.1: 1 workers ran the tests of one group
pytest 9.2.0: 2 workers ran the tests of one group
WANTED
echo "as found: the groups of pytest-xdist 3.8.0 are lost with pytest 9.2.0"
