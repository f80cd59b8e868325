from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.datastructures import Headers

from actors.errors import Code, DropforgeError
from infra.local.port import free_port
from serve_app.config.settings import Settings
from serve_app.security.access import HEALTH, IAP_ASSERTION, PUSH, Access, check_closed
from serve_app.security.session import COOKIE
from tests.support.certificate_server import AUDIENCE, EMAIL, CertificateServer, Signer

TOKEN = "correct-horse-battery-staple"
IAP_AUDIENCE = "/projects/1/global/backendServices/2"
HERE = {"host": "127.0.0.1:8000"}
JSON = {"content-type": "application/json"}


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def code_of(access: Access, method: str, path: str, headers: dict[str, str]) -> Code | bool:
    """The code of the refusal, or whether the caller is known."""
    try:
        return await access.admit(method, path, Headers(headers))
    except DropforgeError as error:
        return error.code


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("first")


@pytest.fixture(scope="module")
def google(signer: Signer) -> Iterator[CertificateServer]:
    with CertificateServer(signer) as server:
        yield server


@pytest.fixture
def closed(google: CertificateServer) -> Access:
    """An application that anybody may reach."""
    settings = Settings(api_token=TOKEN, push_audience=AUDIENCE, push_service_account=EMAIL)
    return Access(settings, google_certificates=google.url)


ROUTES = [
    ("GET", "/runs"),
    ("GET", "/runs/0123456789abcdef0123"),
    ("GET", "/dead-letters"),
    ("POST", "/replays"),
    ("GET", "/replays/0123456789ab"),
    ("GET", "/api"),
    ("GET", "/openapi.json"),
    ("GET", "/"),
    ("GET", "/pubsub/push/"),
    ("POST", "//pubsub/push"),
    ("POST", "/PUBSUB/PUSH"),
    ("GET", "/anything"),
    ("HEAD", "/runs"),
    ("OPTIONS", "/runs"),
    ("DELETE", "/runs"),
    ("POST", HEALTH),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_but_the_status_needs_the_token(closed: Access, method: str, path: str) -> None:
    assert await code_of(closed, method, path, HERE | JSON) is Code.UNAUTHENTICATED
    assert await code_of(closed, method, path, JSON | bearer(TOKEN)) is True


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Bearer x {TOKEN}",
        "Bearer \xff\xfe",
        f"Bearer{TOKEN}",
    ],
)
async def test_a_wrong_token_is_refused(closed: Access, authorization: str) -> None:
    assert await code_of(closed, "GET", "/runs", {"authorization": authorization}) is Code.UNAUTHENTICATED


@pytest.mark.parametrize("authorization", [f"bearer {TOKEN}", f"BEARER  {TOKEN}", f"Bearer {TOKEN} "])
async def test_the_scheme_s_case_and_blanks_do_not_matter(closed: Access, authorization: str) -> None:
    assert await code_of(closed, "GET", "/runs", {"authorization": authorization}) is True


@pytest.mark.parametrize("headers", [{}, bearer("wrong"), HERE, {"host": "evil.example"}], ids=str)
async def test_a_probe_learns_the_status(closed: Access, headers: dict[str, str]) -> None:
    assert await code_of(closed, "GET", HEALTH, headers) is False
    assert await code_of(closed, "GET", HEALTH, headers | bearer(TOKEN)) is True


async def test_a_push_of_pub_sub_is_taken(closed: Access, signer: Signer) -> None:
    assert await code_of(closed, "POST", PUSH, JSON | bearer(signer.token())) is True


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "other@shop.iam.gserviceaccount.com"},
        {"email": EMAIL.upper()},
        {"email": f"{EMAIL}.example"},
        {"email": [EMAIL]},
        {"email": None},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"aud": "https://elsewhere.example"},
        {"iss": "https://elsewhere.example"},
        pytest.param({"exp": int(time.time()) - 3600}, id="expired an hour ago"),
    ],
    ids=str,
)
async def test_a_push_of_somebody_else_is_not(closed: Access, signer: Signer, changes: dict) -> None:
    assert await code_of(closed, "POST", PUSH, JSON | bearer(signer.token(**changes))) is Code.UNAUTHENTICATED


@pytest.mark.parametrize("headers", [{}, bearer(TOKEN), bearer("a.b.c"), HERE], ids=str)
async def test_a_push_needs_pub_sub_s_token(closed: Access, headers: dict[str, str]) -> None:
    assert await code_of(closed, "POST", PUSH, JSON | headers) is Code.UNAUTHENTICATED


async def test_pub_sub_s_token_is_good_for_pushing_alone(closed: Access, signer: Signer) -> None:
    assert await code_of(closed, "GET", "/runs", bearer(signer.token())) is Code.UNAUTHENTICATED


async def test_without_google_s_certificates_a_push_is_to_come_again(signer: Signer) -> None:
    settings = Settings(api_token=TOKEN, push_audience=AUDIENCE, push_service_account=EMAIL)
    access = Access(settings, google_certificates=f"http://127.0.0.1:{free_port()}/")
    assert await code_of(access, "POST", PUSH, bearer(signer.token())) is Code.CONNECTION_FAILED


async def test_an_application_that_pulls_takes_no_push() -> None:
    access = Access(Settings(api_token=TOKEN))
    for headers in ({}, bearer(TOKEN), HERE):
        assert await code_of(access, "POST", PUSH, JSON | headers) is Code.UNAUTHENTICATED


async def test_an_identity_aware_proxy_s_users_are_let_in() -> None:
    signer = Signer("iap", ec.generate_private_key(ec.SECP256R1()))
    user: dict[str, Any] = {"iss": "https://cloud.google.com/iap", "aud": IAP_AUDIENCE, "email": "ann@shop.example"}
    with CertificateServer(signer) as server:
        access = Access(Settings(iap_audience=IAP_AUDIENCE), iap_keys=server.url)
        for headers, known in (
            ({IAP_ASSERTION: signer.token(**user)}, True),
            ({IAP_ASSERTION: signer.token(**(user | {"aud": "/projects/1/apps/2"}))}, Code.UNAUTHENTICATED),
            ({IAP_ASSERTION: signer.token(**(user | {"iss": "accounts.google.com"}))}, Code.UNAUTHENTICATED),
            ({IAP_ASSERTION: "ann@shop.example"}, Code.UNAUTHENTICATED),
            ({IAP_ASSERTION: ""}, Code.UNAUTHENTICATED),
            ({"x-goog-authenticated-user-email": "accounts.google.com:ann@shop.example"}, Code.UNAUTHENTICATED),
            (bearer(signer.token(**user)), Code.UNAUTHENTICATED),
        ):
            assert await code_of(access, "GET", "/runs", headers) is known, headers


async def test_the_proxy_s_header_is_nothing_where_there_is_no_proxy(closed: Access, signer: Signer) -> None:
    header = {IAP_ASSERTION: signer.token(iss="https://cloud.google.com/iap", aud="")}
    assert await code_of(closed, "GET", "/runs", header) is Code.UNAUTHENTICATED


@pytest.fixture
def local() -> Access:
    return Access(Settings(open_on_loopback=True))


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.1", "localhost:8000", "LOCALHOST", "[::1]:8000"])
async def test_this_machine_needs_no_token(local: Access, host: str) -> None:
    for method, path in (("GET", "/runs"), ("POST", "/replays"), ("POST", PUSH), ("GET", HEALTH)):
        assert await code_of(local, method, path, JSON | {"host": host}) is True


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.7:8000", "localhost.evil.example",
     "[::1", "127.0.0.1@evil.example", "evil.example#127.0.0.1"],
)  # fmt: skip
async def test_a_name_that_points_here_is_another_site_s(local: Access, host: str) -> None:
    for method, path in (("GET", "/runs"), ("POST", "/replays"), ("POST", PUSH), ("GET", HEALTH)):
        assert await code_of(local, method, path, JSON | {"host": host}) is Code.CROSS_SITE


CROSS_SITE = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8001"},
    {"origin": "http://127.0.0.1:8000.evil.example"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
]


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
@pytest.mark.parametrize("path", ["/replays", PUSH])
async def test_a_page_of_another_site_changes_nothing(local: Access, path: str, headers: dict[str, str]) -> None:
    assert await code_of(local, "POST", path, HERE | JSON | headers) is Code.CROSS_SITE


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
async def test_nor_does_it_with_a_proxy_s_cookie(closed: Access, headers: dict[str, str]) -> None:
    assert await code_of(closed, "POST", "/replays", HERE | JSON | bearer(TOKEN) | headers) is Code.CROSS_SITE


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "http://127.0.0.1:8000"}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}],
    ids=str,
)
async def test_a_page_of_ours_may(local: Access, headers: dict[str, str]) -> None:
    assert await code_of(local, "POST", "/replays", HERE | JSON | headers) is True


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain;application/json"],
)
async def test_what_a_form_can_send_is_refused(local: Access, kind: str) -> None:
    for path in ("/replays", PUSH):
        assert await code_of(local, "POST", path, HERE | {"content-type": kind}) is Code.BAD_REQUEST
        assert await code_of(local, "POST", path, HERE | {"content-type": "application/json; charset=utf-8"}) is True


@pytest.mark.parametrize("header", ["x-goog-pubsub-message-id", "ce-type"])
async def test_a_push_that_is_no_json_is_told_by_its_headers(local: Access, header: str) -> None:
    headers = HERE | {header: "5", "content-type": "application/x-www-form-urlencoded"}
    assert await code_of(local, "POST", PUSH, headers) is True
    assert await code_of(local, "POST", "/replays", headers) is Code.BAD_REQUEST
    assert await code_of(local, "POST", PUSH, headers | {"origin": "http://evil.example"}) is Code.CROSS_SITE


@pytest.mark.parametrize("header", ["x-goog-pubsub-message-id", "ce-type"])
async def test_every_form_of_a_push_needs_its_token(closed: Access, signer: Signer, header: str) -> None:
    assert await code_of(closed, "POST", PUSH, {header: "5"}) is Code.UNAUTHENTICATED
    assert await code_of(closed, "POST", PUSH, {header: "5"} | bearer(TOKEN)) is Code.UNAUTHENTICATED
    assert await code_of(closed, "POST", PUSH, {header: "5"} | bearer(signer.token())) is True


async def test_a_token_that_is_set_is_asked_for_on_loopback_too() -> None:
    access = Access(Settings(open_on_loopback=True, api_token=TOKEN))
    assert await code_of(access, "GET", "/runs", HERE) is Code.UNAUTHENTICATED
    assert await code_of(access, "GET", "/runs", HERE | bearer(TOKEN)) is True
    assert await code_of(access, "POST", PUSH, HERE | JSON) is True


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "DROPFORGE_API_TOKEN"),
        ({"push_audience": AUDIENCE, "push_service_account": EMAIL}, "DROPFORGE_API_TOKEN"),
        ({"api_token": TOKEN, "pull": False}, "push_audience"),
        ({"iap_audience": IAP_AUDIENCE, "pull": False}, "push_audience"),
    ],
    ids=str,
)
def test_an_application_open_to_strangers_does_not_start(given: dict, told: str) -> None:
    with pytest.raises(DropforgeError, match=told) as raised:
        check_closed(Settings(**given))
    assert raised.value.code is Code.BAD_SETTINGS


@pytest.mark.parametrize(
    "given",
    [
        {"api_token": TOKEN},
        {"iap_audience": IAP_AUDIENCE},
        {"open_on_loopback": True},
        {"open_on_loopback": True, "pull": False},
        {"api_token": TOKEN, "pull": False, "push_audience": AUDIENCE, "push_service_account": EMAIL},
    ],
    ids=str,
)
def test_one_that_does_not_starts(given: dict) -> None:
    check_closed(Settings(**given))


FORM = {"content-type": "application/x-www-form-urlencoded"}
OURS = {"host": "shop.example", "origin": "https://shop.example", "sec-fetch-site": "same-origin"}


def signed_in(access: Access) -> dict[str, str]:
    assert access.sessions is not None
    return {"cookie": f"{COOKIE}={access.sessions.issue()}"}


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_session_is_as_good_as_the_token(closed: Access, method: str, path: str) -> None:
    assert await code_of(closed, method, path, OURS | JSON | signed_in(closed)) is True


async def test_a_wrong_token_is_refused_in_spite_of_a_session(closed: Access) -> None:
    assert await code_of(closed, "GET", "/runs", signed_in(closed) | bearer("wrong")) is Code.UNAUTHENTICATED


async def test_a_session_lets_no_push_in(closed: Access) -> None:
    assert await code_of(closed, "POST", PUSH, OURS | JSON | signed_in(closed)) is Code.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("GET", "/page/sign-in", False),
        ("POST", "/page/sign-in", False),
        ("GET", "/page/static/page.css", False),
        ("POST", "/page/static/page.css", Code.UNAUTHENTICATED),
        ("GET", "/page/static", Code.UNAUTHENTICATED),
        ("GET", "/page/sign-in/", Code.UNAUTHENTICATED),
        ("GET", "/page/dead-letters", Code.UNAUTHENTICATED),
        ("GET", "/page/images/0123456789abcdef0123", Code.UNAUTHENTICATED),
        ("POST", "/page/replays", Code.UNAUTHENTICATED),
        ("POST", "/page/drops", Code.UNAUTHENTICATED),
    ],
)
async def test_a_stranger_sees_the_form_alone(closed: Access, method: str, path: str, known: bool | Code) -> None:
    assert await code_of(closed, method, path, OURS | FORM) is known


@pytest.mark.parametrize(
    "headers",
    [
        FORM | OURS | {"origin": "https://evil.example"},
        FORM | OURS | {"origin": "null"},
        FORM | OURS | {"sec-fetch-site": "cross-site"},
        FORM | OURS | {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/page/replays", "/page/sign-in", "/page/sign-out", "/page/drops"])
async def test_a_form_of_another_site_is_refused(closed: Access, path: str, headers: dict[str, str]) -> None:
    assert await code_of(closed, "POST", path, headers | signed_in(closed)) is Code.CROSS_SITE


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/page/replays", FORM | {"host": "shop.example"}),
        ("/page/replays", {"content-type": "text/plain"} | OURS),
        ("/page/replays", {"content-type": "multipart/form-data; boundary=x"} | OURS),
        ("/replays", FORM | OURS),
    ],
    ids=["nobody's", "text", "multipart", "elsewhere"],
)
async def test_a_form_that_no_browser_vouches_for_is_refused(
    closed: Access, path: str, headers: dict[str, str]
) -> None:
    assert await code_of(closed, "POST", path, headers | signed_in(closed)) is Code.BAD_REQUEST


async def test_our_forms_are_taken(closed: Access) -> None:
    assert await code_of(closed, "POST", "/page/replays", FORM | OURS | signed_in(closed)) is True
    opened = Access(Settings(open_on_loopback=True))
    here = FORM | HERE | {"origin": f"http://{HERE['host']}"}
    assert await code_of(opened, "POST", "/page/replays", here) is True
    elsewhere = FORM | {"host": "shop.example", "origin": "http://shop.example"}
    assert await code_of(opened, "POST", "/page/replays", elsewhere) is Code.CROSS_SITE
