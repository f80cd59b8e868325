"""The image fetcher's credential configuration, used by the libraries that will use it, at a stand-in for the
Security Token Service ("Method: token", Security Token Service API)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import google.auth
import pytest
from gcloud.aio.auth import Token
from google.auth.transport.requests import Request

from .manifests import KUBERNETES

CONFIGURATION = KUBERNETES / "overlays" / "prod" / "fetcher-credentials.json"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


@dataclass
class TokenService:
    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def service() -> Iterator[TokenService]:
    service = TokenService()

    class Exchange(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            service.asked.append({name: values[0] for name, values in parse_qs(body).items()})
            answer = json.dumps({"access_token": "federated", "expires_in": 3600, "token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Exchange) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_port}/v1/token"
        yield service
        server.shutdown()
        thread.join(timeout=5)


@pytest.fixture
def file(service: TokenService, tmp_path: Path) -> Path:
    """The committed configuration with the pod's token and the token service where this test has them."""
    configuration = json.loads(CONFIGURATION.read_text())
    token = tmp_path / "token"
    token.write_text("the pod's own token")
    configuration |= {"token_url": service.url, "credential_source": {"file": str(token)}}
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(configuration))
    return file


def expect_exchange(service: TokenService) -> None:
    (asked,) = service.asked
    assert asked["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert asked["subject_token"] == "the pod's own token"
    assert asked["subject_token_type"] == "urn:ietf:params:oauth:token-type:jwt"
    assert asked["scope"] == SCOPE
    assert asked["audience"] == (
        "identitynamespace:PROJECT_ID.svc.id.goog:"
        "https://container.googleapis.com/v1/projects/PROJECT_ID/locations/europe-west1/clusters/dropforge"
    )


async def test_the_image_uploader_s_library_gets_a_token(service: TokenService, file: Path) -> None:
    async with Token(service_file=str(file), scopes=[SCOPE]) as token:
        assert await token.get() == "federated"

    expect_exchange(service)


def test_google_s_library_gets_a_token(service: TokenService, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    credentials, _ = google.auth.default(scopes=[SCOPE])

    credentials.refresh(Request())

    assert credentials.token == "federated"
    expect_exchange(service)
