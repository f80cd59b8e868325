"""Who reaches what: the policies evaluated, not compared with themselves."""

from __future__ import annotations

import re

import pytest
import yaml

from .egress import may_reach, selects
from .manifests import TERRAFORM, Manifests

PUBLIC = "93.184.215.14"
GOOGLE_APIS = "199.36.153.9"
METADATA = "169.254.169.254"
GKE_METADATA = "169.254.169.252"
REDIS = "172.16.0.19"
CONTROL_PLANE = "172.16.0.2"


def reaches(manifests: Manifests, group: str, address: str, port: int) -> bool:
    return may_reach(manifests.kind("NetworkPolicy"), manifests.group(group).labels, address, port)


@pytest.mark.parametrize(
    ("group", "address", "port", "expected"),
    [
        ("fetcher", PUBLIC, 443, True),
        ("fetcher", PUBLIC, 80, True),
        ("fetcher", PUBLIC, 22, False),
        ("fetcher", GOOGLE_APIS, 443, True),
        ("fetcher", METADATA, 80, False),
        ("fetcher", GKE_METADATA, 988, False),
        ("fetcher", REDIS, 6379, False),
        ("fetcher", CONTROL_PLANE, 443, False),
        ("core", GOOGLE_APIS, 443, True),
        ("core", METADATA, 80, True),
        ("core", GKE_METADATA, 988, True),
        ("core", PUBLIC, 443, False),
        ("core", REDIS, 6379, False),
        ("cleaner", GOOGLE_APIS, 443, False),
        ("cleaner", PUBLIC, 443, False),
        ("cleaner", METADATA, 80, False),
        ("headgroup", REDIS, 6379, True),
        ("headgroup", CONTROL_PLANE, 443, True),
        ("headgroup", PUBLIC, 443, False),
        ("headgroup", METADATA, 80, False),
    ],
)
def test_pods_reach_only_what_they_need(
    manifests: Manifests, group: str, address: str, port: int, expected: bool
) -> None:
    assert reaches(manifests, group, address, port) is expected


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.1",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "169.254.0.1",
        "172.16.0.1",
        "172.31.255.254",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.254",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "255.255.255.255",
    ],
)
def test_fetchers_reach_no_address_that_is_not_public(manifests: Manifests, address: str) -> None:
    assert not reaches(manifests, "fetcher", address, 80)
    assert not reaches(manifests, "fetcher", address, 443)


def test_every_pod_is_closed_both_ways_by_default(manifests: Manifests) -> None:
    closing = [policy["spec"] for policy in manifests.kind("NetworkPolicy") if policy["spec"]["podSelector"] == {}]

    assert [set(spec["policyTypes"]) for spec in closing] == [{"Ingress", "Egress"}]


def test_pods_of_the_cluster_reach_each_other(manifests: Manifests) -> None:
    (spec,) = [policy["spec"] for policy in manifests.kind("NetworkPolicy") if policy["spec"]["podSelector"] == {}]

    assert {"from": [{"podSelector": {}}]} in spec["ingress"]
    assert {"to": [{"podSelector": {}}]} in spec["egress"]


def test_the_job_that_empties_redis_reaches_it(manifests: Manifests) -> None:
    labels = manifests.group("headgroup").labels | {"ray.io/node-type": "redis-cleanup"}

    assert may_reach(manifests.kind("NetworkPolicy"), labels, REDIS, 6379)


def test_addresses_are_those_that_terraform_gives_out(manifests: Manifests) -> None:
    text = "".join(file.read_text() for file in TERRAFORM.glob("modules/*/*.tf"))
    policies = yaml.safe_dump(manifests.kind("NetworkPolicy"))

    (control_plane,) = re.findall(r'"control_plane_range" \{[^}]*default\s+= "([^"]+)"', text)
    (redis,) = re.findall(r'"reserved_range" \{[^}]*default\s+= "([^"]+)"', text)
    google = re.findall(r'"(199\.36\.153\.\d+)"', text)

    assert f"cidr: {control_plane}\n" in policies
    assert f"cidr: {redis}\n" in policies
    assert len(google) == 4
    assert all(reaches(manifests, "core", address, 443) for address in google)


def test_metrics_are_scraped_through_the_policy(manifests: Manifests) -> None:
    (spec,) = [policy["spec"] for policy in manifests.kind("NetworkPolicy") if policy["spec"]["podSelector"] == {}]
    managed = {"kubernetes.io/metadata.name": "gke-gmp-system"}
    ports = {port["name"]: port["containerPort"] for pods in manifests.pods() for port in pods.container["ports"]}

    open_ports = [
        port["port"]
        for rule in spec["ingress"]
        for peer in rule["from"]
        if selects(peer.get("namespaceSelector", {"matchLabels": {"": ""}}), managed) and "podSelector" not in peer
        for port in rule["ports"]
    ]

    assert open_ports == [ports["metrics"]]
