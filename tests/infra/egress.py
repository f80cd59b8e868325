"""What NetworkPolicies let out of a pod, by the rules of "Network Policies", Kubernetes documentation."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any


def may_reach(policies: list[dict[str, Any]], labels: Mapping[str, str], address: str, port: int) -> bool:
    """Whether a pod with these labels may open a TCP connection to an address outside the cluster."""
    egress = [
        policy["spec"]
        for policy in policies
        if "Egress" in policy["spec"]["policyTypes"] and selects(policy["spec"]["podSelector"], labels)
    ]
    return not egress or any(
        _on_port(rule, port) and any(_to(peer, address) for peer in rule["to"])
        for spec in egress
        for rule in spec.get("egress", [])
    )


def selects(selector: dict[str, Any], labels: Mapping[str, str]) -> bool:
    if any(labels.get(name) != value for name, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In", "a test has to learn this operator first"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True


def _on_port(rule: dict[str, Any], port: int) -> bool:
    return "ports" not in rule or any(
        entry.get("protocol") == "TCP" and entry["port"] == port for entry in rule["ports"]
    )


def _to(peer: dict[str, Any], address: str) -> bool:
    block = peer.get("ipBlock")
    if block is None:
        return False
    ip = ip_address(address)
    return ip in ip_network(block["cidr"]) and not any(ip in ip_network(cidr) for cidr in block.get("except", []))
