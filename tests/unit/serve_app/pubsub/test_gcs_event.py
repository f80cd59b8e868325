from __future__ import annotations

from collections.abc import Mapping

import pytest

from actors.errors import Code, DropforgeError
from actors.model.drop import Drop
from serve_app.config.settings import Settings
from serve_app.pubsub.gcs_event import Ignored, Notification, drop_of

ATTRIBUTES = {
    "eventType": "OBJECT_FINALIZE",
    "bucketId": "shop",
    "objectId": "in/june/catalogue.csv",
    "objectGeneration": "1795545040476297",
    "payloadFormat": "JSON_API_V1",
    "notificationConfig": "projects/_/buckets/shop/notificationConfigs/1",
    "eventTime": "2026-05-04T03:02:01.000000Z",
    "overwroteGeneration": "1795545040476200",
}


@pytest.fixture(scope="module")
def settings() -> Settings:
    """One bucket for everything, so that the application's own writes are notified too."""
    return Settings(source_bucket="shop", output_bucket="shop")


def test_a_finalized_object_is_a_drop(settings: Settings) -> None:
    assert drop_of(ATTRIBUTES, settings) == Drop("shop", "in/june/catalogue.csv", 1795545040476297)
    for extension in ("csv.gz", "tsv", "tsv.gz", "txt", "txt.gz"):
        name = f"in/june/catalogue.{extension}"
        assert drop_of({**ATTRIBUTES, "objectId": name}, settings) == Drop("shop", name, 1795545040476297)


@pytest.mark.parametrize("event", ["OBJECT_DELETE", "OBJECT_ARCHIVE", "OBJECT_METADATA_UPDATE", "object_finalize", ""])
def test_other_events_are_ignored(settings: Settings, event: str) -> None:
    assert drop_of({**ATTRIBUTES, "eventType": event}, settings) is Ignored.OTHER_EVENT


@pytest.mark.parametrize(
    "changes",
    [
        {"bucketId": "another"},
        {"objectId": "catalogue.csv"},
        {"objectId": "IN/catalogue.csv"},
        {"objectId": "in/june/"},
        {"objectId": "in/"},
        {"objectId": "backup/in/catalogue.csv"},
    ],
    ids=str,
)
def test_what_is_not_watched_is_ignored(settings: Settings, changes: Mapping[str, str]) -> None:
    assert drop_of({**ATTRIBUTES, **changes}, settings) is Ignored.NOT_WATCHED


@pytest.mark.parametrize(
    "name", ["in/catalogue.xlsx", "in/catalogue.gz", "in/catalogue.csv.zip", "in/june/x", "in/.CSV~"]
)
def test_below_the_prefix_a_name_that_matches_nothing_is_told(settings: Settings, name: str) -> None:
    assert drop_of({**ATTRIBUTES, "objectId": name}, settings) is Ignored.NOT_MATCHED


@pytest.mark.parametrize("name", ["in/Shoes.CSV", "in/Shoes.csv.GZ", "in/SHOES.Csv.gz"])
def test_patterns_match_without_regard_to_case(settings: Settings, name: str) -> None:
    drop = drop_of({**ATTRIBUTES, "objectId": name}, settings)
    assert isinstance(drop, Drop)
    assert drop.object == name


def test_patterns_can_be_set_to_regard_case() -> None:
    strict = Settings(source_bucket="shop", output_bucket="shop", patterns_regard_case=True)
    assert drop_of({**ATTRIBUTES, "objectId": "in/Shoes.CSV"}, strict) is Ignored.NOT_MATCHED
    assert isinstance(drop_of({**ATTRIBUTES, "objectId": "in/Shoes.csv"}, strict), Drop)


def test_a_folder_s_placeholder_is_no_drop() -> None:
    settings = Settings(source_bucket="shop", object_patterns=("*",))
    assert drop_of({**ATTRIBUTES, "objectId": "in/june/"}, settings) is Ignored.NOT_WATCHED
    assert drop_of({**ATTRIBUTES, "objectId": "in/june/x"}, settings) == Drop("shop", "in/june/x", 1795545040476297)


def test_its_own_output_is_no_drop(settings: Settings) -> None:
    drop = drop_of(ATTRIBUTES, settings)
    assert isinstance(drop, Drop)
    run = settings.run_for(drop)
    written = [
        run.output.name,
        run.rejects.name,
        run.reasons.name,
        run.failed_urls.name,
        f"{run.image_folder}/1_0.csv",
        f"{run.work_prefix}runs/{run.run_id}/rows/000000-0a.csv",
    ]
    for name in written:
        assert drop_of({**ATTRIBUTES, "objectId": name}, settings) is Ignored.NOT_WATCHED


@pytest.mark.parametrize("absent", ["eventType", "bucketId", "objectId", "objectGeneration"])
def test_without_a_needed_attribute_it_is_no_notification(settings: Settings, absent: str) -> None:
    attributes = {name: value for name, value in ATTRIBUTES.items() if name != absent}
    with pytest.raises(DropforgeError, match=f"KeyError: '{absent}'") as raised:
        drop_of(attributes, settings)
    assert raised.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize("generation", ["", "new", "1.5", "0x10", "-5", "+5", " 5", "1_000", "५", "5\n", "9" * 19])
def test_a_generation_is_a_number(settings: Settings, generation: str) -> None:
    with pytest.raises(DropforgeError, match="ValueError") as raised:
        drop_of({**ATTRIBUTES, "objectGeneration": generation}, settings)
    assert raised.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize("name", ["in/\ud800.csv", f"in/{'x' * 1018}.csv", f"in/{'ü' * 510}.csv"], ids=ascii)
def test_a_name_that_no_object_can_have_is_no_object_s(settings: Settings, name: str) -> None:
    with pytest.raises(DropforgeError) as raised:
        drop_of({**ATTRIBUTES, "objectId": name}, settings)
    assert raised.value.code is Code.BAD_REQUEST
    raised.value.message.encode()


def test_parsing_keeps_what_it_is_told() -> None:
    assert Notification.parse({**ATTRIBUTES, "eventType": "OBJECT_DELETE"}) == Notification(
        "OBJECT_DELETE", Drop("shop", "in/june/catalogue.csv", 1795545040476297)
    )
