"""What no schema sees: that the RayService, the Serve config, the settings and the image fit each other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.images.settings import ImageSettings
from infra.kubernetes import serve_config
from serve_app.config.serve_config import read_config
from serve_app.config.settings import Settings

from .manifests import KUBERNETES, ROOT, Manifests, base

LONGEST_RAY_SERVICE_NAME = 47
"""KubeRay's `MaxRayServiceNameLength`: the Ray cluster's name, and the pods' from that, must fit a label."""

OTHER_SIGTERM_WORK_S = 10
"""What Ray needs to end its processes once the drain is over."""


def test_serve_config_is_the_generated_one() -> None:
    assert serve_config.TARGET.read_text() == serve_config.patch(), "run `python -m infra.kubernetes.serve_config`"


def test_serve_config_is_serve_config_yaml_and_places(manifests: Manifests) -> None:
    config = manifests.serve_config
    for deployment in config["applications"][0]["deployments"]:
        del deployment["ray_actor_options"]["label_selector"]

    assert config == yaml.safe_load((ROOT / "serve_config.yaml").read_text())


def test_serve_accepts_the_config(manifests: Manifests, tmp_path: Path) -> None:
    file = tmp_path / "serve_config.yaml"
    file.write_text(manifests.service["spec"]["serveConfigV2"])

    read_config(file)


def test_every_deployment_has_a_group_that_has_room_for_it(manifests: Manifests) -> None:
    groups = manifests.worker_groups
    wanted: dict[str, float] = dict.fromkeys(groups, 0.0)
    for deployment in manifests.deployments.values():
        options = deployment["ray_actor_options"]
        (group,) = [name for name, group in groups.items() if group["labels"] == options["label_selector"]]
        replicas = deployment.get("autoscaling_config", {}).get("min_replicas") or deployment.get("num_replicas", 1)
        wanted[group] += options["num_cpus"] * replicas

    for name, cpus in wanted.items():
        assert 0 < cpus <= _cpus(manifests.group(name).container) * groups[name]["minReplicas"], name


def test_cleaner_pods_can_hold_every_cleaner() -> None:
    manifests = base()
    deployment = manifests.deployments["Cleaner"]
    cpus = deployment["ray_actor_options"]["num_cpus"] * deployment["autoscaling_config"]["max_replicas"]

    assert cpus == _cpus(manifests.group("cleaner").container) * manifests.worker_groups["cleaner"]["maxReplicas"]


def test_head_has_no_work(manifests: Manifests) -> None:
    assert manifests.cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    assert manifests.service["spec"]["excludeHeadPodFromServeSvc"] is True


def test_groups_scale_by_themselves(manifests: Manifests) -> None:
    assert manifests.cluster["enableInTreeAutoscaling"] is True
    assert manifests.cluster["autoscalerOptions"]["version"] == "v2"
    for group in manifests.worker_groups.values():
        assert 1 <= group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_names_fit_into_kubernetes(manifests: Manifests) -> None:
    name = manifests.service["metadata"]["name"]

    assert len(name) <= LONGEST_RAY_SERVICE_NAME
    assert re.fullmatch(r"[a-z]([a-z0-9-]*[a-z0-9])?", name)
    for group in manifests.worker_groups:
        assert len(f"{name}-abcde-{group}-worker-abcde") <= 63


def test_ray_is_the_image_s(manifests: Manifests) -> None:
    (version,) = re.findall(r"^ray==(\S+)", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)

    assert manifests.cluster["rayVersion"] == version


def test_grace_is_longer_than_the_drain(manifests: Manifests) -> None:
    for pods in manifests.pods():
        drain_s = float(pods.env("RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S") or 0)
        assert 0 < drain_s <= pods.spec["terminationGracePeriodSeconds"] - OTHER_SIGTERM_WORK_S, pods.group

    ingress_s = manifests.deployments["Ingress"]["graceful_shutdown_timeout_s"]
    core_s = float(manifests.group("core").env("RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S") or 0)
    assert ingress_s + OTHER_SIGTERM_WORK_S <= core_s


def test_probes_need_nothing_of_the_image(manifests: Manifests) -> None:
    """Where a probe is missing, the operator adds one that calls wget, and a worker never gets ready."""
    serve_port = manifests.serve_config["http_options"]["port"]
    for pods in manifests.pods():
        assert pods.container["livenessProbe"]["httpGet"] == {"path": "/api/healthz", "port": 52365}
        assert "httpGet" in pods.container["readinessProbe"]
        # The operator runs the head's template once more, as a job that empties Redis: it clears no startup probe.
        assert "startupProbe" not in pods.container
    for group in manifests.worker_groups:
        container = manifests.group(group).container
        assert container["readinessProbe"]["httpGet"] == {"path": "/-/healthz", "port": serve_port}
        assert {"name": "serve", "containerPort": serve_port} in container["ports"]


def test_every_container_is_bounded_and_locked_down(manifests: Manifests) -> None:
    containers: list[dict[str, Any]] = [pods.container for pods in manifests.pods()]
    for container in [*containers, manifests.cluster["autoscalerOptions"]]:
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
    for pods in manifests.pods():
        assert pods.spec["securityContext"]["runAsNonRoot"] is True
        assert pods.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {"name": "scratch", "mountPath": "/tmp"} in pods.container["volumeMounts"]


def test_each_group_is_an_account_of_its_own(manifests: Manifests) -> None:
    accounts = {account["metadata"]["name"]: account for account in manifests.kind("ServiceAccount")}
    used = {pods.group: pods.spec["serviceAccountName"] for pods in manifests.pods()}

    assert used == {"headgroup": "head", "core": "core", "cleaner": "cleaner", "fetcher": "fetcher"}
    assert {name for name, account in accounts.items() if account.get("automountServiceAccountToken", True)} == {"head"}
    assert set(accounts) == set(used.values())


def test_terraform_grants_to_these_accounts(manifests: Manifests) -> None:
    text = (ROOT / "infra/terraform/modules/identity/main.tf").read_text()
    (members,) = re.findall(r"for account in (\[[^]]*\])", text)

    assert set(json.loads(members)) <= {account["metadata"]["name"] for account in manifests.kind("ServiceAccount")}
    assert manifests.kind("Namespace")[0]["metadata"]["name"] == "dropforge"
    assert "/subject/ns/${var.name}/sa/${account}" in text


def test_upgrades_keep_the_tables_of_two_clusters_apart(manifests: Manifests) -> None:
    assert "externalStorageNamespace" not in manifests.cluster.get("gcsFaultToleranceOptions", {})


def test_the_head_s_tables_outlive_it_in_production(prod: Manifests, dev: Manifests) -> None:
    options = prod.cluster["gcsFaultToleranceOptions"]

    assert re.fullmatch(r"172\.16\.0\.\d+:6379", options["redisAddress"])
    assert options["redisPassword"]["valueFrom"]["secretKeyRef"] == {"name": "redis", "key": "password"}
    assert "gcsFaultToleranceOptions" not in dev.cluster


def test_token_authentication_is_on(manifests: Manifests) -> None:
    assert manifests.cluster["authOptions"] == {"mode": "token"}


def test_the_api_asks_for_a_token_of_a_secret(manifests: Manifests) -> None:
    for pods in manifests.pods():
        (source,) = [entry["valueFrom"] for entry in pods.container["env"] if entry["name"] == "DROPFORGE_API_TOKEN"]
        assert source == {"secretKeyRef": {"name": "api", "key": "token"}}


def test_a_drained_node_leaves_a_core_pod(prod: Manifests) -> None:
    (budget,) = prod.kind("PodDisruptionBudget")
    core = prod.group("core")

    # Kubernetes refuses evictions where `maxUnavailable` is used for pods of a custom resource.
    assert budget["spec"]["minAvailable"] < prod.worker_groups["core"]["minReplicas"]
    assert budget["spec"]["selector"]["matchLabels"].items() <= core.labels.items()


def test_one_pod_is_not_made_immovable(dev: Manifests) -> None:
    assert dev.kind("PodDisruptionBudget") == []


def test_metrics_are_collected_from_every_pod(manifests: Manifests) -> None:
    (monitoring,) = manifests.kind("PodMonitoring")
    (endpoint,) = monitoring["spec"]["endpoints"]

    for pods in manifests.pods():
        assert monitoring["spec"]["selector"]["matchLabels"].items() <= pods.labels.items()
        assert endpoint["port"] in [port["name"] for port in pods.container["ports"]]
        assert len({port["name"] for port in pods.container["ports"]}) == len(pods.container["ports"])
    assert _seconds(endpoint["timeout"]) <= _seconds(endpoint["interval"])


@pytest.mark.parametrize("overlay", ["dev", "prod"])
def test_the_settings_are_settings(overlay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in (KUBERNETES / "overlays" / overlay / "settings.env").read_text().splitlines():
        name, _, value = line.partition("=")
        assert name.removeprefix("DROPFORGE_").lower() in Settings.model_fields, name
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert settings.source_bucket == "PROJECT_ID-dropforge-in"
    assert settings.image_folder == Settings.model_fields["image_folder"].default
    assert settings.work_bucket in ("", settings.output_bucket)


def test_one_run_can_keep_every_cleaner_busy(prod: Manifests) -> None:
    (settings,) = [c["data"] for c in prod.kind("ConfigMap") if c["metadata"]["name"].startswith("settings-")]
    scaling = prod.deployments["Cleaner"]["autoscaling_config"]

    # Serve asks for a cleaner for every so many shards that wait or are cleaned: with fewer in flight it never asks.
    assert int(settings["DROPFORGE_SHARDS_IN_FLIGHT"]) >= scaling["max_replicas"] * scaling["target_ongoing_requests"]


def test_a_changed_setting_starts_new_pods(prod: Manifests) -> None:
    generated = {config["metadata"]["name"].rpartition("-")[0]: config for config in prod.kind("ConfigMap")}
    for pods in prod.pods():
        (source,) = pods.container["envFrom"]
        assert source["configMapRef"]["name"] == generated["settings"]["metadata"]["name"]


def test_images_have_a_revision(prod: Manifests) -> None:
    for pods in prod.pods():
        assert re.fullmatch(
            r"[a-z0-9-]+-docker\.pkg\.dev/\w+/dropforge/dropforge:(?!latest)\w+", pods.container["image"]
        )


def test_fetchers_get_tokens_from_the_security_token_service(prod: Manifests) -> None:
    fetcher = prod.group("fetcher")
    (google,) = [volume["projected"] for volume in fetcher.spec["volumes"] if volume["name"] == "google"]
    token, config = (source for source in google["sources"])
    (credentials,) = [
        json.loads(document["data"]["credentials.json"])
        for document in prod.kind("ConfigMap")
        if document["metadata"]["name"] == config["configMap"]["name"]
    ]
    (mount,) = [m["mountPath"] for m in fetcher.container["volumeMounts"] if m["name"] == "google"]

    assert fetcher.env("GOOGLE_APPLICATION_CREDENTIALS") == f"{mount}/credentials.json"
    assert credentials["credential_source"]["file"] == f"{mount}/{token['serviceAccountToken']['path']}"
    assert credentials["audience"].split(":")[1] == token["serviceAccountToken"]["audience"]


def test_fetchers_may_reach_every_port_that_they_use(manifests: Manifests) -> None:
    (policy,) = [p["spec"] for p in manifests.kind("NetworkPolicy") if p["metadata"]["name"] == "fetcher"]
    (rule,) = policy["egress"]

    assert {port["port"] for port in rule["ports"]} == set(ImageSettings().allowed_ports)


def test_a_spot_cleaner_ends_within_its_notice(manifests: Manifests) -> None:
    cleaner = manifests.group("cleaner").spec

    assert cleaner["nodeSelector"] == {"cloud.google.com/gke-spot": "true"}
    assert cleaner["terminationGracePeriodSeconds"] <= 25
    assert all("nodeSelector" not in pods.spec for pods in manifests.pods() if pods.group != "cleaner")


def _cpus(container: dict[str, Any]) -> float:
    return float(container["resources"]["limits"]["cpu"])


def _seconds(duration: str) -> float:
    match = re.fullmatch(r"(\d+)(s|m)", duration)
    assert match, f"{duration!r} is no duration"
    return int(match[1]) * {"s": 1, "m": 60}[match[2]]
