"""Google's certificate endpoint on loopback, with real keys, and tokens signed by them."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from .http_server import HttpServer

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

AUDIENCE = "https://shop.example/pubsub/push"
EMAIL = "push@shop.iam.gserviceaccount.com"


class Signer:
    """A key pair; `certificate` is what the endpoint shows of it: of RSA a certificate, else the public key."""

    def __init__(self, key_id: str, key: PrivateKey | None = None) -> None:
        self.key_id = key_id
        self.key = key or rsa.generate_private_key(65537, 2048)
        self.algorithm = "RS256" if isinstance(self.key, rsa.RSAPrivateKey) else "ES256"

    @property
    def certificate(self) -> str:
        if not isinstance(self.key, rsa.RSAPrivateKey):
            return self.public_key
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "federated-signon.example")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), 1, now, now + timedelta(days=1))
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    @property
    def public_key(self) -> str:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    def token(self, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A token as Pub/Sub sends it, with some of its claims changed, or left out where the change is None."""
        now = int(time.time())
        claims = {
            "iss": "https://accounts.google.com",
            "aud": AUDIENCE,
            "azp": "113774264463038321964",
            "sub": "113774264463038321964",
            "email": EMAIL,
            "email_verified": True,
            "iat": now - 5,
            "exp": now + 3595,
        } | changes
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self.key, self.algorithm, {"kid": self.key_id} | (header or {}))


class CertificateServer(HttpServer):
    """Serves the certificates of `signers`; counts `requests`. `status` other than 200 stands for an outage."""

    def __init__(self, *signers: Signer, max_age_s: int = 3600) -> None:
        self.certificates = {signer.key_id: signer.certificate for signer in signers}
        self.max_age_s = max_age_s
        self.status = 200
        self.body: bytes | None = None
        self.requests = 0
        super().__init__(_handler(self))

    @property
    def url(self) -> str:
        return f"{super().url}/oauth2/v1/certs"

    def rotate(self, *signers: Signer) -> None:
        self.certificates = {signer.key_id: signer.certificate for signer in signers}


def _handler(server: CertificateServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests += 1
            content = server.body if server.body is not None else json.dumps(server.certificates).encode()
            self.send_response(server.status)
            self.send_header("Cache-Control", f"public, max-age={server.max_age_s}, must-revalidate")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            return None

    return Handler
