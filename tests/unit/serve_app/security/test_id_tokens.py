from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from actors.errors import Code, DropforgeError
from infra.local.port import free_port
from serve_app.security.id_tokens import CLOCK_SKEW_S, Certificates, IdTokens
from tests.support.certificate_server import AUDIENCE, EMAIL, CertificateServer, Signer

ISSUERS = ("accounts.google.com", "https://accounts.google.com")
NOW = int(time.time())


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("first")


@pytest.fixture(scope="module")
def other() -> Signer:
    """A key of somebody else's."""
    return Signer("other")


@pytest.fixture
def server(signer: Signer) -> Iterator[CertificateServer]:
    with CertificateServer(signer) as server:
        yield server


def tokens_of(server: CertificateServer, *, fetch_every_s: float = 30.0) -> IdTokens:
    certificates = Certificates(server.url, fetch_every_s=fetch_every_s)
    return IdTokens(certificates, audience=AUDIENCE, issuers=ISSUERS)


async def refused(tokens: IdTokens, token: str) -> DropforgeError:
    with pytest.raises(DropforgeError) as raised:
        await tokens.claims(token)
    return raised.value


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"iss": "accounts.google.com"},
        {"aud": AUDIENCE, "anything": {"else": [1]}},
    ],
    ids=str,
)
async def test_a_right_token_is_taken(server: CertificateServer, signer: Signer, changes: dict) -> None:
    claims = await tokens_of(server).claims(signer.token(**changes))
    assert claims["email"] == EMAIL


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -CLOCK_SKEW_S + 5), ("iat", CLOCK_SKEW_S - 5)])
async def test_clocks_may_differ_a_little(server: CertificateServer, signer: Signer, claim: str, seconds: int) -> None:
    changes: dict[str, Any] = {claim: int(time.time()) + seconds}
    token = signer.token(**changes)
    assert (await tokens_of(server).claims(token))["email"] == EMAIL


async def test_keys_of_elliptic_curves_are_known_too() -> None:
    signer = Signer("curve", ec.generate_private_key(ec.SECP256R1()))
    with CertificateServer(signer) as server:
        assert (await tokens_of(server).claims(signer.token()))["email"] == EMAIL
        forged = Signer("curve", ec.generate_private_key(ec.SECP256R1()))
        assert (await refused(tokens_of(server), forged.token())).code is Code.UNAUTHENTICATED


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://shop.example/pubsub/push/"},
        {"aud": "https://shop.example"},
        {"aud": AUDIENCE.upper()},
        {"aud": ""},
        {"aud": None},
        {"aud": [AUDIENCE, "https://elsewhere.example"]},
        {"aud": {"0": AUDIENCE}},
        {"iss": "https://accounts.google.com.example"},
        {"iss": "http://accounts.google.com"},
        {"iss": "https://cloud.google.com/iap"},
        {"iss": ""},
        {"iss": None},
        pytest.param({"exp": NOW - 3600}, id="expired an hour ago"),
        pytest.param({"exp": NOW - CLOCK_SKEW_S - 30}, id="expired for longer than clocks differ"),
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": {}},
        pytest.param({"iat": NOW + 3600}, id="from the next hour"),
        {"iat": None},
        {"iat": []},
    ],
    ids=str,
)
async def test_a_wrong_claim_is_refused(server: CertificateServer, signer: Signer, changes: dict) -> None:
    assert (await refused(tokens_of(server), signer.token(**changes))).code is Code.UNAUTHENTICATED


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def with_payload(token: str, **changes: object) -> str:
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return ".".join((header, segment(claims | changes), signature))


FORGED: dict[str, Callable[[Signer, Signer], str]] = {
    "another key under a known id": lambda signer, other: other.token(header={"kid": signer.key_id}),
    "another key": lambda signer, other: other.token(),
    "no key id": lambda signer, other: signer.token(header={"kid": ""}),
    "a key id that is a list": lambda signer, other: forged_header(signer, {"alg": "RS256", "kid": [signer.key_id]}),
    "a key id left out": lambda signer, other: forged_header(signer, {"alg": "RS256"}),
    "not signed": lambda signer, other: forged_header(signer, {"alg": "none", "kid": signer.key_id}, signature=""),
    "an algorithm in capitals": lambda signer, other: forged_header(signer, {"alg": "NONE", "kid": signer.key_id}),
    "the certificate as a shared secret": lambda signer, other: shared_secret(signer.certificate, signer.key_id),
    "the public key as a shared secret": lambda signer, other: shared_secret(signer.public_key, signer.key_id),
    "another kind of key": lambda signer, other: forged_header(signer, {"alg": "ES256", "kid": signer.key_id}),
    "an unknown algorithm": lambda signer, other: forged_header(signer, {"alg": "RS512", "kid": signer.key_id}),
    "no algorithm": lambda signer, other: forged_header(signer, {"kid": signer.key_id}),
    "a key brought along": lambda signer, other: other.token(header={"kid": signer.key_id, "jwk": {"kty": "RSA"}}),
    "a payload that was changed": lambda signer, other: with_payload(signer.token(), email="me@example.com"),
    "a signature that was changed": lambda signer, other: signer.token()[:-8] + "AAAAAAAA",
    "a signature left out": lambda signer, other: signer.token().rpartition(".")[0] + ".",
    "two segments": lambda signer, other: signer.token().rpartition(".")[0],
    "four segments": lambda signer, other: signer.token() + ".e30",
    "nothing": lambda signer, other: "",
    "dots": lambda signer, other: "..",
    "no base64": lambda signer, other: "a.b.c",
    "not JSON": lambda signer, other: "YQ.YQ.YQ",
    "a list": lambda signer, other: f"{segment([])}.{segment([])}.YQ",
    "other characters": lambda signer, other: "ä.ö.ü",
    "a lone surrogate": lambda signer, other: "\udcff.\udcff.\udcff",
    "nested without end": lambda signer, other: (
        base64.urlsafe_b64encode(b"[" * 20_000).decode() + "." + segment({}) + ".YQ"
    ),
    "very long": lambda signer, other: "a" * 60_000 + ".b.c",
}


def forged_header(signer: Signer, header: dict, signature: str | None = None) -> str:
    token = signer.token()
    _, payload, signed = token.split(".")
    return ".".join((segment(header), payload, signed if signature is None else signature))


def shared_secret(secret: str, key_id: str) -> str:
    """Signed by HMAC, with what everybody knows as the secret."""
    import hashlib
    import hmac

    claims = segment({"iss": ISSUERS[1], "aud": AUDIENCE, "email": EMAIL, "iat": NOW, "exp": NOW + 3600})
    signed = f"{segment({'alg': 'HS256', 'kid': key_id, 'typ': 'JWT'})}.{claims}"
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_token_is_refused_without_being_quoted(
    server: CertificateServer, signer: Signer, other: Signer, kind: str
) -> None:
    token = FORGED[kind](signer, other)
    error = await refused(tokens_of(server), token)
    assert error.code is Code.UNAUTHENTICATED
    assert all(part not in error.message for part in token.split(".") if len(part) > 8)


def test_an_empty_audience_is_no_audience(server: CertificateServer) -> None:
    with pytest.raises(DropforgeError) as raised:
        IdTokens(Certificates(server.url), audience="", issuers=ISSUERS)
    assert raised.value.code is Code.BAD_SETTINGS


async def test_certificates_are_fetched_once_for_many_tokens(server: CertificateServer, signer: Signer) -> None:
    tokens = tokens_of(server)
    await asyncio.gather(*(tokens.claims(signer.token()) for _ in range(20)))
    assert server.requests == 1


async def test_a_rotated_key_is_found(server: CertificateServer, signer: Signer) -> None:
    tokens = tokens_of(server, fetch_every_s=0.0)
    await tokens.claims(signer.token())
    newer = Signer("newer")
    server.rotate(signer, newer)
    assert (await tokens.claims(newer.token()))["email"] == EMAIL
    server.rotate(newer)
    await refused(tokens, Signer("newest").token())
    assert (await refused(tokens, signer.token())).code is Code.UNAUTHENTICATED


async def test_unknown_keys_do_not_flood_the_endpoint(server: CertificateServer, signer: Signer, other: Signer) -> None:
    tokens = tokens_of(server, fetch_every_s=600.0)
    await tokens.claims(signer.token())
    for number in range(20):
        await refused(tokens, other.token(header={"kid": f"made-up-{number}"}))
    assert server.requests == 1
    assert (await tokens.claims(signer.token()))["email"] == EMAIL


async def test_stale_certificates_are_fetched_anew_in_the_background(signer: Signer, monkeypatch) -> None:
    monkeypatch.setattr("serve_app.security.id_tokens._KEPT_S", (0.0, 0.0))
    with CertificateServer(signer) as server:
        tokens = tokens_of(server, fetch_every_s=0.0)
        await tokens.claims(signer.token())
        server.rotate(Signer("newer"))
        assert (await tokens.claims(signer.token()))["email"] == EMAIL  # the known ones are good meanwhile
        async with asyncio.timeout(10):
            while await accepted(tokens, signer.token()):
                await asyncio.to_thread(time.sleep, 0)  # lets the fetch get its turn


async def accepted(tokens: IdTokens, token: str) -> bool:
    try:
        await tokens.claims(token)
    except DropforgeError:
        return False
    return True


@pytest.mark.parametrize(
    ("max_age_s", "kept_s"), [(3600, 3600.0), (0, 60.0), (10**9, 86_400.0)], ids=["as told", "a minute", "a day"]
)
async def test_for_how_long_certificates_are_kept(
    server: CertificateServer, max_age_s: int, kept_s: float, signer: Signer
) -> None:
    server.max_age_s = max_age_s
    certificates = Certificates(server.url)
    await certificates.with_key(signer.key_id)
    assert certificates._fresh_until - time.monotonic() == pytest.approx(kept_s, abs=5)


@pytest.mark.parametrize(
    "outage",
    [(500, None), (404, None), (302, None), (200, b"not json"), (200, b"[]"), (200, b"{}"), (200, b'{"a": 1}')],
    ids=str,
)
async def test_the_last_certificates_stay_through_an_outage(
    server: CertificateServer, signer: Signer, other: Signer, outage: tuple[int, bytes | None]
) -> None:
    tokens = tokens_of(server, fetch_every_s=0.0)
    await tokens.claims(signer.token())
    server.status, server.body = outage
    assert (await refused(tokens, other.token())).code is Code.UNAUTHENTICATED
    assert server.requests == 2
    assert (await tokens.claims(signer.token()))["email"] == EMAIL


async def test_without_any_certificates_it_is_nobody_s_fault(signer: Signer) -> None:
    tokens = IdTokens(Certificates(f"http://127.0.0.1:{free_port()}/certs"), audience=AUDIENCE, issuers=ISSUERS)
    assert (await refused(tokens, signer.token())).code is Code.CONNECTION_FAILED


async def test_the_endpoint_may_come_later(server: CertificateServer, signer: Signer) -> None:
    server.status = 503
    tokens = tokens_of(server, fetch_every_s=0.0)
    assert (await refused(tokens, signer.token())).code is Code.CONNECTION_FAILED
    server.status = 200
    assert (await tokens.claims(signer.token()))["email"] == EMAIL


async def test_a_check_costs_less_than_a_millisecond(server: CertificateServer, signer: Signer) -> None:
    tokens, token = tokens_of(server), signer.token()
    await tokens.claims(token)
    spent = []
    for _ in range(50):
        started = time.perf_counter()
        await tokens.claims(token)
        spent.append(time.perf_counter() - started)
    assert sorted(spent)[len(spent) // 2] < 0.001
    assert server.requests == 1


def test_the_samples_are_tokens_of_the_standard_kind(signer: Signer) -> None:
    """What is forged above is forged from what another library takes."""
    assert jwt.decode(signer.token(), signer.key.public_key(), ["RS256"], audience=AUDIENCE)["email"] == EMAIL
