"""Refuses addresses that URLs from untrusted files must not lead to.

What counts is the address that a socket is about to connect to, whatever the URL said and DNS answered before.
`AddressGuard.open_socket` is aiohttp's `socket_factory`, which is called with that address for every connection.
The earlier checks of URLs and DNS answers only refuse sooner, and with a better message.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohappyeyeballs import AddrInfoType

Network = IPv4Network | IPv6Network

# All of the IANA IPv4 Special-Purpose Address Registry, including public-service anycast; then multicast and class E.
# The last one is a metadata address outside of every registry (Azure, "What is IP address 168.63.129.16").
_REFUSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "168.63.129.16/32",
        ),
    )
)

# IANA IPv6 Global Unicast Address Space: only 2000::/3 is assigned, which excludes mapped, compatible, NAT64,
# unique-local, link-local and multicast addresses. Refused within it: protocol assignments (Teredo, ORCHID),
# documentation, 6to4 and AS112.
_GLOBAL_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")))

# Interface identifiers of ISATAP (RFC 5214, 6.1), of a private and of a global IPv4 address, which is the last 4 bytes:
# where there is such a tunnel, a packet goes to that address.
_ISATAP = (bytes.fromhex("00005efe"), bytes.fromhex("02005efe"))


class BlockedAddressError(OSError):
    """A refused address. A subclass of OSError, because aiohttp passes on only those."""


class AddressGuard:
    """Refuses every address that is not public, except those in `allowed` networks."""

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def check(self, address: str) -> None:
        """Raises `BlockedAddressError` unless connections to the numeric `address` are allowed."""
        try:
            parsed = ip_address(address)
        except ValueError:
            raise BlockedAddressError(f"{address!r} is not a numeric address") from None
        if not self._permits(parsed):
            raise BlockedAddressError(f"{parsed} is neither a public address nor in images.allowed_networks")

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """A socket for the address of `info`. Raises `BlockedAddressError` for a refused address, and opens none."""
        family, kind, protocol, _, address = info
        if family not in (socket.AF_INET, socket.AF_INET6):
            raise BlockedAddressError(f"address family {family} is not IPv4 or IPv6")
        self.check(str(address[0]))
        return socket.socket(family, kind, protocol)

    def _permits(self, address: IPv4Address | IPv6Address) -> bool:
        if any(address in network for network in self._allowed):
            return True
        return _public(address)


def _public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    if address.scope_id is not None:
        return False
    if address.packed[8:12] in _ISATAP and not _public(IPv4Address(address.packed[12:])):
        return False
    return address in _GLOBAL_V6 and not any(address in network for network in _REFUSED_V6)
