from __future__ import annotations

from pathlib import Path

import pytest

from tests.million import request_log
from tests.million.request_log import IMAGE, Requests, kind_of

LIST = "/storage/v1/b/out/o?projection=noAcl&prefix=_dropforge%2Fopen%2F&prettyPrint=false"


def line(method: str, target: str, status: int = 200) -> str:
    return f'time=T level=INFO msg="127.0.0.1 - - [D] \\"{method} {target} HTTP/1.1\\" {status} 834\\n"\n'


@pytest.mark.parametrize(
    ("method", "target", "status", "kind"),
    [
        ("GET", LIST, 200, "listed open runs"),
        ("GET", "/storage/v1/b/out/o?prefix=images%2Fm%2F1%2F&startOffset=x", 200, "listed images"),
        ("GET", "/download/storage/v1/b/in/o/in%2Fm.csv?alt=media&generation=1", 206, "read source"),
        ("GET", "/storage/v1/b/out/o/dropforge-health?projection=noAcl", 404, "looked at health"),
        ("DELETE", "/storage/v1/b/out/o/_dropforge%2Fopen%2Fab", 204, "deleted open runs"),
        ("POST", "/upload/storage/v1/b/out/o?uploadType=multipart&ifGenerationMatch=0&fields=generation", 200, IMAGE),
        (
            "POST",
            "/upload/storage/v1/b/out/o?uploadType=multipart&ifGenerationMatch=0&fields=generation",
            412,
            "image was there",
        ),
        ("POST", "/upload/storage/v1/b/dropforge-work/o?ifGenerationMatch=0&fields=generation", 200, "record created"),
        ("POST", "/upload/storage/v1/b/dropforge-work/o?ifGenerationMatch=77&fields=generation", 200, "lease renewed"),
        ("POST", "/upload/storage/v1/b/dropforge-work/o?fields=generation", 200, "part's object put"),
        ("POST", "/storage/v1/b/out/o/_dropforge%2Fruns%2Fab%2Fcompose%2Fx/compose", 200, "composed"),
        ("POST", "/storage/v1/b/a/o/x/rewriteTo/b/out/o/y", 200, "copied"),
        ("GET", "/_internal/healthcheck", 200, "other"),
    ],
)
def test_requests_are_told_apart(method: str, target: str, status: int, kind: str) -> None:
    assert kind_of(method, target, status) == kind


def test_what_was_logged_before_is_not_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(line("GET", LIST))
    with Requests(log, tmp_path / "counts"), log.open("a") as file:
        file.write(line("GET", LIST) * 2)
    with Requests(log, tmp_path / "counts") as counted:
        assert counted.by_kind == {"listed open runs": 2}


def test_half_a_line_is_counted_once_it_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    whole = line("GET", LIST)
    with Requests(log, tmp_path / "counts") as counted:
        for half in (whole[:60], whole[60:]):
            with log.open("a") as file:
                file.write(half)
            counted.look()
        assert counted.total == 1


def test_a_long_log_is_cut_off_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "_KEPT_BYTES", 100)
    log = tmp_path / "log"
    log.touch()
    with Requests(log, tmp_path / "counts") as counted:
        for _ in range(3):
            with log.open("a") as file:
                file.write(line("GET", LIST))
            counted.look()
        assert counted.total == 3
        assert log.stat().st_size < 300
