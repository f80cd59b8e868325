from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest

from actors.images.guard import AddressGuard, BlockedAddressError

REFUSED = [
    # this host, private, shared, loopback
    *("0.0.0.0", "0.0.0.1", "0.255.255.255", "10.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1"),
    *("100.100.100.200", "100.127.255.255", "127.0.0.1", "127.0.0.53", "127.1.2.3", "127.255.255.255"),
    # link-local with the metadata servers, and the ones elsewhere
    *("169.254.0.1", "169.254.169.254", "169.254.170.2", "169.254.255.255", "168.63.129.16", "192.0.0.192"),
    *("172.16.0.1", "172.17.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"),
    # protocol assignments, documentation, anycast, benchmarking, multicast, class E, broadcast
    *("192.0.0.1", "192.0.0.9", "192.0.0.10", "192.0.0.170", "192.0.2.1", "198.51.100.1", "203.0.113.1"),
    *("192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1", "198.18.0.1", "198.19.255.255"),
    *("224.0.0.1", "224.0.0.251", "233.252.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.254", "255.255.255.255"),
    # v6: unspecified, loopback, mapped, compatible, translated, NAT64
    *("::", "::1", "::2", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8"),
    *("::127.0.0.1", "::8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b::8.8.8.8", "64:ff9b:1::1", "64:ff9b:1::10.0.0.1"),
    # discard, unique-local with metadata servers, link-local, site-local, multicast
    *("100::1", "100:0:0:1::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fd20:ce::254", "fdff:ffff::1"),
    *("fe80::1", "fe80::1%eth0", "fe80::a9fe:a9fe", "fec0::1", "ff01::1", "ff02::1", "ff05::1:3", "ff0e::1"),
    # Teredo, benchmarking, ORCHID, AMT, AS112, documentation, 6to4, SRv6, unassigned
    *("2001::1", "2001:0:7f00:1::", "2001:1::1", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1"),
    *("2001:20::1", "2001:30::1", "2001:1ff::1", "2001:db8::1", "2001:db8:ffff::1", "2002::1", "2002:7f00:1::"),
    *("2002:a9fe:a9fe::", "2002:c0a8:101::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1", "5f00::1"),
    *("1::1", "1fff::1", "4000::1", "8000::1", "a000::1", "e000::1", "2606:4700::1111%eth0"),
    # ISATAP: an interface identifier that holds an IPv4 address
    *("2606:4700::5efe:7f00:1", "2606:4700::200:5efe:127.0.0.1", "2606:4700:1:2:0:5efe:a9fe:a9fe"),
    *("2a00:1450:4001:1:200:5efe:a00:1", "2606:4700::5efe:10.0.0.1", "2000::200:5efe:192.168.1.1"),
    # no address at all
    *("", "localhost", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.01", "1.2.3.4.5", "::1::", "[::1]"),
]

PERMITTED = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "126.255.255.255"),
    *("128.0.0.1", "169.253.255.255", "169.255.0.1", "172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.255.255"),
    *("198.17.255.255", "198.20.0.1", "223.255.255.255", "168.63.129.15"),
    *("2000::1", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111", "2a00:1450:4001::1", "3ffe::1"),
    *("2606:4700::5efe:808:808", "2606:4700::200:5efe:8.8.8.8", "2606:4700::5eff:7f00:1", "2606:4700:5efe:7f00:1::1"),
]


@pytest.mark.parametrize("address", REFUSED)
def test_inner_addresses_are_refused(address: str) -> None:
    with pytest.raises(BlockedAddressError):
        AddressGuard().check(address)


@pytest.mark.parametrize("address", PERMITTED)
def test_public_addresses_are_permitted(address: str) -> None:
    AddressGuard().check(address)


@pytest.mark.parametrize(
    ("network", "address"),
    [("127.0.0.0/8", "127.0.0.1"), ("10.1.0.0/16", "10.1.2.3"), ("fd00::/8", "fd00::1"), ("::1/128", "::1")],
)
def test_an_allowed_network_is_opened(network: str, address: str) -> None:
    AddressGuard([ip_network(network)]).check(address)


@pytest.mark.parametrize(
    "address",
    [
        *("::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "10.0.0.1", "169.254.169.254"),
        "2606:4700::5efe:127.0.0.1",
    ],
)
def test_an_allowed_network_opens_nothing_else(address: str) -> None:
    with pytest.raises(BlockedAddressError):
        AddressGuard([ip_network("127.0.0.0/8")]).check(address)


def test_no_socket_is_opened_to_a_refused_address() -> None:
    with pytest.raises(BlockedAddressError):
        AddressGuard().open_socket((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("10.0.0.1", 80)))
    with pytest.raises(BlockedAddressError):
        AddressGuard().open_socket((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("/run/docker.sock", 0)))


def test_a_socket_is_opened_to_a_public_address() -> None:
    with AddressGuard().open_socket(
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("8.8.8.8", 80))
    ) as opened:
        assert opened.family == socket.AF_INET
