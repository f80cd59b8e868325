from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.errors import Code, DropforgeError
from actors.images.guard import AddressGuard
from actors.images.urls import MAX_URL_CHARACTERS, Candidate, candidates, checked_url, host_of
from actors.model.catalogue import Catalogue

BRACKETED = Catalogue()
JSON = Catalogue(image_list="json")
PIPED = Catalogue(image_list="delimited", image_delimiter="|")


@pytest.mark.parametrize(
    ("cell", "catalogue", "expected"),
    [
        ('["http://a/1.jpg", "http://a/2.jpg"]', BRACKETED, [(0, "http://a/1.jpg"), (1, "http://a/2.jpg")]),
        ("http://a/1.jpg", BRACKETED, [(0, "http://a/1.jpg")]),
        ("", BRACKETED, []),
        ("[]", BRACKETED, []),
        (" , ,", BRACKETED, []),
        ('["", "http://a/2.jpg"]', BRACKETED, [(1, "http://a/2.jpg")]),
        ("http://a/1,,http://a/3", BRACKETED, [(0, "http://a/1"), (2, "http://a/3")]),
        ('[["http://a/[1].jpg"', BRACKETED, [(0, "http://a/1.jpg")]),
        (
            '["http://[2606:4700::1111]/[1].jpg", "http://[2606:4700::1111]:80"]',
            BRACKETED,
            [(0, "http://[2606:4700::1111]/1.jpg"), (1, "http://[2606:4700::1111]:80")],
        ),
        ("[http://[::1]]", BRACKETED, [(0, "http://[::1]")]),
        ("http://[a]/, [[::1]", BRACKETED, [(0, "http://a/"), (1, "::1")]),
        ('["http://a/1,2.jpg"]', BRACKETED, [(0, "http://a/1"), (1, "2.jpg")]),
        ('["http://a/1,2.jpg", ""]', JSON, [(0, "http://a/1,2.jpg")]),
        ('["", " http://a/2 "]', JSON, [(1, "http://a/2")]),
        ("[]", JSON, []),
        ("", JSON, []),
        ("http://a/1,2 | http://a/3||", PIPED, [(0, "http://a/1,2"), (1, "http://a/3")]),
    ],
)
def test_a_cell_holds_its_urls(cell: str, catalogue: Catalogue, expected: list[tuple[int, str]]) -> None:
    assert candidates(cell, catalogue) == tuple(Candidate(*each) for each in expected)


@pytest.mark.parametrize(
    "cell", ["http://a/1.jpg", '["a"', '{"a": 1}', '["a", 1]', '"a"', "null", "[null]", "[" * 100_000, "['a']"]
)
def test_a_cell_that_is_no_json_list_of_strings(cell: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        candidates(cell, JSON)
    assert raised.value.code is Code.BAD_URL


@given(st.text('[]",ab ') | st.text())
def test_bracketed_lists_are_read_as_the_reference_reads_them(cell: str) -> None:
    raw = cell.replace("[", "").replace("]", "").replace('"', "").split(",")
    expected = [(index, url.strip()) for index, url in enumerate(raw) if url.strip()]
    assert [(each.index, each.url) for each in candidates(cell, BRACKETED)] == expected


BAD_URLS = [
    # what yarl itself stumbles over
    *("http://[]@", "http://[]@/a.jpg", "0://[]@", "http://a[]@:80/"),
    # no http, no host
    *("", "x", "/a.jpg", "//host/a.jpg", "host/a.jpg", "http:", "http:/", "http://", "http:///a.jpg", "http:a.jpg"),
    *("http:/a.jpg", "http://?q", "http://#f", "http://:80/", "https:///", "file:///etc/passwd", "file://host/x"),
    *("ftp://host/a.jpg", "gs://bucket/a.jpg", "gopher://host/_x", "dict://host:11211/", "ldap://host/"),
    *("data:image/png;base64,AAAA", "javascript:alert(1)", "blob:http://a/b", "jar:http://a!/b", "ws://host/"),
    *("http+unix://%2Frun%2Fdocker.sock/x", "unix:///run/docker.sock", "view-source:http://host/", "httpx://host/"),
    # control characters, and blanks and backslashes where they name a host
    *("http://ho st/", "http://host /", "http://host\t/", "ht\ntp://host/", "http://host/\r\nX: y", "http: //host/"),
    *("http://host/\x00", "http://host/\x7f", "http://host\x00.evil/", "http://\u00a0host/", "http://ho\u2028st/x"),
    *("http://evil\\@host/", "\\\\host\\share", "http:\\host", "\\host"),
    # user information
    *("http://user@host/", "http://user:pass@host/", "http://:pass@host/", "http://:@host/", "http://a@b@host/"),
    *("http://127.0.0.1@host/", "http://host:80@10.0.0.1/", "https://example.com:443@169.254.169.254/"),
    # hosts that are none
    *("http://%31%32%37.0.0.1/", "http://host%2fevil/", "http://host%00/", "http://ho%20st/", "http://%/"),
    *("http://a..b/", "http://.host/", "http://host../", "http://./", "http://../", "http://*.host/", "http://a,b/"),
    *("http://" + "a" * 64 + ".com/", "http://" + "a." * 127 + "com/", "http://[::1/", "http://::1/"),
    *(
        "http://[]/",
        "http://[:::1]/",
        "http://[::1]evil/",
        "http://a:b/",
        "http://a:80:80/",
    ),
    *("http://host:99999/", "http://host:-1/", "http://host:8 0/", "http://$host/", "http://a'b/", "http://(host)/"),
    # IPv4 in disguise: decimal, hexadecimal, octal, short, overlong, with a trailing dot
    *("http://2130706433/", "http://0x7f000001/", "http://0X7F000001/", "http://017700000001/", "http://0x7f.0.0.1/"),
    *("http://0177.0.0.1/", "http://127.1/", "http://127.0.1/", "http://0/", "http://0.0/", "http://127.0.0.01/"),
    *("http://127.0.0.0x1/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://127.0.0.1./", "http://a.127/"),
    *("http://0x/", "http://4294967296/", "http://3232235777/", "http://1.1.1.257/", "http://0xA9FEA9FE/"),
    "http://host/" + "a" * MAX_URL_CHARACTERS,
    # more of SSRF lists: Smokescreen, ssrf_filter, go-camo, imgproxy, Synapse, PortSwigger's and WHATWG's
    *("http://@host/", "http://@/", "http://[v1.x]/", "http://[127.0.0.1]/", "http://host:+80/", "http://host:８０/"),
    *("http://host:80x/", "http://host:0x50/", "http://host:4294967376/", "http://host/\ud800", "http://\ud800/"),
    *(
        "http://127.0.0.1%00.example.com/",
        "http://example.com%2f@127.0.0.1/",
        "http://127.0.0.1%20/",
        "http://127.0.0.1%09/",
    ),
    *("http://[::ffff:2130706433]/", "http://[::127.1]/", "http://[1::2::3]/", "http://[::1]:80:80/", "http://[::1]x/"),
    *(
        "http://[::1].example.com/",
        "http://1.2.3/",
        "http://1.2.3.4.5.6/",
        "http://0x7f.1/",
        "http://0x7f.0x0.0x0.0x1/",
    ),
    *(
        "http://00000177.0.0.1/",
        "http://0127.0.0.1/",
        "http://127.000.000.001/",
        "http://127.0.0.1.:80/",
        "http://0177.1/",
    ),
    *("http://host;@evil/", "http://host&@evil/", "http://a:b@c:d@host/", "http://user@/", "http://%75ser@host/"),
    *(
        "http:%2f%2fhost/",
        "http://host%3a80/",
        "http://host%2e/",
        "http://ho%73t/",
        "http://%6c%6f%63alhost/",
        "http%3A//host/",
    ),
    *(
        "///host/",
        "http:////host/",
        "http://\\host/",
        "http:/\\\\host/",
        "http:\\//host/",
    ),
    *(
        "\ufeffhttp://host/",
        "\u00a0http://host/",
        "http://host/\x85",
        "http://ho\x85st/",
        "http://host/\x1f",
    ),
    *(
        "htt\u017f://host/",
        "ｈttp://host/",
        "http：//host/",
        "http://host／a",
        "http://host＃a",
        "http://host？a",
        "http://host＠evil/",
    ),
    *("http://2130706433。/", "http://０x7f000001/", "http://𝟘𝟙𝟟𝟟.0.0.1/", "http://１２７。１/", "http://१२७.0.0.1/"),
    *(
        "http://127.0.0.1\u200b/",
        "http://exa\u00admple.com/",
        "http://a\u200d.com/",
        "http://\u202ecom.a/",
        "http://℀.com/",
        "http://㏂.com/",
    ),
    *(
        "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/",
        "http://127.1.1.1:80\\@127.2.2.2:80/",
        "http://127.1.1.1:80:\\@@127.2.2.2:80/",
    ),
    *("http:0x7f000001/", "http://0000::1:80/", "http://0xa9.0xfe.0xa9.0xfe/"),
    *(
        "http://0251.254.169.254/",
        "http://425.510.425.510/",
        "http://7147006462/",
        "http://169.254.43518/",
        "http://169.16689662/",
    ),
    *(
        "jar:http://127.0.0.1!/",
        "netdoc:///etc/passwd",
        "tftp://host/x",
        "sftp://host/",
        "smb://host/",
        "about:blank",
        "feed:http://host/",
    ),
    *(
        "http://" + "a" * 63 + "." + "b" * 63 + "." + "c" * 63 + "." + "d" * 62 + "/",
        "http://unix:%2Fvar%2Frun/",
        "mailto:a@host",
        "wss://host/",
    ),
]

BLOCKED_URLS = [
    *("http://127.0.0.1/", "https://127.0.0.1/a.jpg", "http://127.0.0.1:80/", "http://10.0.0.1/", "http://0.0.0.0/"),
    *("http://192.168.1.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://169.254.169.254/latest/meta-data/"),
    *(
        "http://255.255.255.255/",
        "http://224.0.0.1/",
        "http://198.18.0.1/",
        "http://168.63.129.16/",
        "HTTP://127.0.0.1",
    ),
    *(
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
    ),
    *("http://[0:0:0:0:0:ffff:a9fe:a9fe]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[2002:7f00:1::]/"),
    *(
        "http://[fd00:ec2::254]/",
        "http://[fe80::1]/",
        "http://[fe80::1%25eth0]/",
        "http://[ff02::1]/",
        "http://[2001:db8::1]/",
        "http://[fd20:ce::254]/",
    ),
    # other alphabets' digits and dots, which normalise to an address
    *(
        "http://127。0。0。1/",
        "http://①②⑦.0.0.1/",
        "http://１２７.0.0.1/",
        "http://169｡254｡169｡254/",
        "http://𝟏𝟐𝟕.0.0.1/",
    ),
    *(
        "http://⑯⑨。②⑤④。⑯⑨｡②⑤④/",
        "http://[::１]/",
        "http://127.0.0.1:/",
        "http://[::ffff:127.0.0.1%25lo]/",
        "http://[::1%25]/",
    ),
    *("http://[0:0:0:0:0:0:0:1]/", "http://[0000:0000:0000:0000:0000:0000:0000:0001]/", "http://[::ffff:0:127.0.0.1]/"),
    *(
        "http://[fe80::1%eth0]/",
        "http://[2606:4700::1111%25eth0]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::808:808]/",
    ),
    *(
        "http://[64:ff9b:1::a00:1]/",
        "http://[2001:0:7f00:1::]/",
        "http://[2001:20::1]/",
        "http://[100::1]/",
        "http://[5f00::1]/",
    ),
    *("http://[3fff::1]/", "http://[4000::1]/", "http://[fec0::1]/", "http://[ff0e::1]/", "http://[2620:4f:8000::1]/"),
    *(
        "http://192.0.0.192/",
        "http://192.88.99.1/",
        "http://198.51.100.1/",
        "http://203.0.113.1/",
        "http://192.0.2.1/",
        "http://240.0.0.1/",
    ),
    *(
        "http://100.100.100.200/",
        "http://169.254.170.2/v2/credentials",
        "http://127.0.0.53/",
        "http://0.255.255.255/",
        "http://239.255.255.250/",
    ),
    # backslashes, fragments and blanks, which end a host as in browsers
    *(
        "http://127.1.1.1:80#\\@127.2.2.2:80/",
        "http:\\\\127.0.0.1\\a",
        "http://127.0.0.1\\.host/",
        "http:/\\127.0.0.1/",
    ),
    *("http:\\/127.0.0.1/", " http://127.0.0.1/ "),
    # ports
    *("http://host:22/", "http://host:0/", "http://host:8080/", "https://host:6379/", "http://8.8.8.8:25/"),
    *("http://host:65535/", "http://[2606:4700::1111]:8443/"),
]

GOOD_URLS = [
    ("http://img5a.flixcart.com/image/a-b_c.jpeg", "http://img5a.flixcart.com/image/a-b_c.jpeg"),
    ("HTTP://Host.Example:80/a", "http://host.example/a"),
    ("https://host:443", "https://host/"),
    ("https://host:80/", "https://host:80/"),
    ("http://host./a", "http://host./a"),
    ("http://a_b.example/", "http://a_b.example/"),
    ("http://bücher.example/ü.jpg", "http://xn--bcher-kva.example/%C3%BC.jpg"),
    ("http://host/a%20b?x=1&y=%2F#part", "http://host/a%20b?x=1&y=%2F"),
    ("http://host/@user/a:b", "http://host/@user/a:b"),
    ("http://8.8.8.8/a", "http://8.8.8.8/a"),
    ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
    ("http://4chan.example/", "http://4chan.example/"),
    ("http://host:080/", "http://host/"),
    ("http://host:80#@evil/", "http://host/"),
    ("http://host?@evil/", "http://host/?@evil/"),
    ("http://faß.de/", "http://xn--fa-hia.de/"),
    ("http://日本語。jp/", "http://xn--wgv71a119e.jp/"),
    ("http://💩.la/", "http://xn--ls8h.la/"),
    ("http://1.2.3.4.com/", "http://1.2.3.4.com/"),
    ("http://host/{a}|b^c`d", "http://host/%7Ba%7D%7Cb%5Ec%60d"),
    ("http://host/%", "http://host/%"),
    ("http://host/%e9", "http://host/%e9"),
    ("http://host/..//../", "http://host/"),
    ("http://host\\.evil/", "http://host/.evil/"),
    ("http:\\\\host\\a", "http://host/a"),
    ("http:/\\host\\img@2x.jpg", "http://host/img@2x.jpg"),
    ("http://bücher.example\\ü?\\", "http://xn--bcher-kva.example/%C3%BC?\\"),
    ("http://host/?u=http://127.0.0.1/", "http://host/?u=http://127.0.0.1/"),
]


def check(url: str) -> str:
    return str(checked_url(url, AddressGuard(), (80, 443)))


@pytest.mark.parametrize("url", BAD_URLS)
def test_bad_urls_are_refused(url: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        check(url)
    assert raised.value.code is Code.BAD_URL


@pytest.mark.parametrize("url", BLOCKED_URLS)
def test_blocked_urls_are_refused(url: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        check(url)
    assert raised.value.code is Code.BLOCKED_ADDRESS


@pytest.mark.parametrize(("url", "fetched"), GOOD_URLS)
def test_good_urls_are_fetched_in_their_own_form(url: str, fetched: str) -> None:
    assert check(url) == fetched


@given(st.text() | st.text("htp:/@[]%.0127fx\\\t#?").map(lambda rest: "http://" + rest))
def test_any_text_is_checked_or_refused(text: str) -> None:
    codes = {Code.BAD_URL, Code.BLOCKED_ADDRESS}
    try:
        checked_url(text, AddressGuard(), (80, 443))
    except DropforgeError as error:
        codes.remove(error.code)


def test_an_allowed_port_is_opened() -> None:
    assert checked_url("http://host:8080/", AddressGuard(), (8080,)).port == 8080
    with pytest.raises(DropforgeError):
        checked_url("http://host/", AddressGuard(), (8080,))


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://Host.Example:8080/a b", "host.example"),
        ("http://host\\a.jpg", "host"),
        ("http://[2606:4700::1111]/", "2606:4700::1111"),
        ("http://ß.example/", "xn--zca.example"),
        ("http://[]@/", "?"),
        ("http://a[/", "?"),
        ("/a", "?"),
        ("", "?"),
    ],
)
def test_the_host_for_a_message(text: str, host: str) -> None:
    assert host_of(text) == host
