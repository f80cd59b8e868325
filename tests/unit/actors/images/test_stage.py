from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pyarrow as pa
import pytest

from actors.errors import Code, DropforgeError
from actors.images import stage
from actors.images.names import ImageTarget
from actors.images.settings import ImageSettings
from actors.images.stage import ImageFailure, ImageStage
from actors.model.catalogue import Catalogue
from actors.model.frame import ImageColumn
from actors.retry import RetryPolicy
from tests.support.storage_proxy import StorageProxy

from .origin import Origin, Request, http, running_origin
from .pictures import HTML, SVG, picture

JPG = picture("jpg")
PNG = picture("png")
OK = http(JPG)
BROKEN = http(status=500)
ONE_TRY = RetryPolicy(attempts=1, total_s=5, first_delay_s=0, longest_delay_s=0, jitter_s=0)
THREE_TRIES = ONE_TRY.model_copy(update={"attempts": 3})


@pytest.fixture
async def other() -> AsyncIterator[Origin]:
    async with running_origin("127.0.0.2") as origin:
        yield origin


def limits(*origins: Origin, **changes: object) -> ImageSettings:
    ports = [80, 443, *(origin.port for origin in origins)]
    defaults = {"allowed_networks": ["127.0.0.0/8"], "allowed_ports": ports, "fetch_retry": ONE_TRY, "host_wait_s": 0}
    return ImageSettings.model_validate(defaults | changes)


def table(*cells: str, ids: list[str] | None = None, repeated: list[bool] | None = None) -> pa.Table:
    numbers = range(1, len(cells) + 1)
    return pa.table(
        {
            "row": pa.array(numbers, pa.int64()),
            "id": pa.array(ids or [f"id{number}" for number in numbers], pa.string()),
            "repeated": pa.array(repeated or [False] * len(cells), pa.bool_()),
            "image": pa.array(cells, pa.string()),
        }
    )


async def run(
    settings: ImageSettings,
    rows: pa.Table,
    target: ImageTarget,
    *,
    resume: bool = False,
    give_up: bool = False,
    catalogue: Catalogue | None = None,
    failures: list[ImageFailure] | None = None,
) -> ImageColumn:
    told = [] if failures is None else failures
    async with ImageStage(settings, on_failure=told.append) as stage:
        return await stage.fetch(rows, catalogue or Catalogue(), target, resume=resume, give_up=give_up)


def names(column: ImageColumn, target: ImageTarget) -> list[str]:
    """The cells, without what is the same for all of the run's images."""
    return [uri.removeprefix(target.uri("")) for uri in column.uris.to_pylist()]


async def test_a_next_try_goes_ahead_of_rows_not_tried_yet(gcs: str, origin: Origin, target: ImageTarget) -> None:
    """And what was waited for the first try is not taken from the time of the retries, however long the line was."""

    async def busy_once(request: Request, writer: asyncio.StreamWriter) -> None:
        asked = sum(each.path == request.path for each in origin.requests)
        writer.write(BROKEN if asked == 1 else OK)

    async def slowly(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(OK)

    origin.answers |= dict.fromkeys(("/first", "/last"), busy_once) | {f"/{number}": slowly for number in range(20)}
    gone_first = f'["{origin.url("/gone")}", "{origin.says("/second", OK)}"]'
    others = [origin.url(f"/{number}") for number in range(20)]
    rows = table(origin.url("/first"), gone_first, *others, origin.url("/last"))
    retry = THREE_TRIES.model_copy(update={"total_s": 1.0})
    column = await run(limits(origin, images_in_flight=1, fetch_retry=retry), rows, target)
    assert column.rows == {"stored": 23}
    paths = [request.path for request in origin.requests]
    assert [paths.count(path) for path in ("/first", "/last")] == [2, 2]
    assert paths.index("/first", paths.index("/first") + 1) < 10
    assert paths.index("/second") < 10


async def test_the_first_image_of_each_row(gcs: str, origin: Origin, target: ImageTarget) -> None:
    jpg, png = origin.says("/a", OK), origin.says("/b", http(PNG, headers={"Content-Type": "text/html"}))
    missing, page = origin.url("/missing"), origin.says("/page", http(HTML, headers={"Content-Type": "image/jpeg"}))
    drawing = origin.says("/svg", http(SVG, headers={"Content-Type": "image/svg+xml"}))
    cut = origin.says("/cut", http(JPG[: len(JPG) // 2]))
    rows = table(
        f'["{jpg}", "{png}"]',
        f'["{missing}", "{page}", "{drawing}", "{cut}", "{png}"]',
        f'["", "{jpg}"]',
        f'["{missing}", "http://10.0.0.1/"]',
        "[]",
    )
    column = await run(limits(origin), rows, target)
    assert names(column, target) == ["id1_0.jpg", "id2_4.png", "id3_1.jpg", "", ""]
    assert column.uris[0].as_py() == f"gs://shop-images/{target.folder}/id1_0.jpg"
    assert column.rows == {"stored": 3, "blocked_address": 1, "no_image_url": 1}
    assert column.failures == {"image_not_found": 2, "not_an_image": 3, "blocked_address": 1}
    assert column.fetched_bytes == len(JPG) + len(PNG) + len(HTML) + len(SVG) + len(JPG) // 2
    assert column.reused == 0


async def test_rows_of_one_url_have_an_object_each(gcs: str, origin: Origin, target: ImageTarget) -> None:
    url = origin.says("/a", OK)
    column = await run(limits(origin), table(url, url, ids=["x/1", "x%2F1"]), target)
    assert names(column, target) == ["x%2F1_0.jpg", "x%252F1_0.jpg"]


async def test_a_url_of_many_rows_is_fetched_once_a_run(gcs: str, origin: Origin, target: ImageTarget) -> None:
    url, missing = origin.says("/a", OK), origin.url("/missing")
    again = ImageTarget(target.bucket, f"{target.folder}-again")
    async with ImageStage(limits(origin, images_in_flight=2)) as stage:
        rows = table(*[f"{missing}, {url}"] * 30)
        column = await stage.fetch(rows, Catalogue(), target, resume=False)
        assert names(column, target) == [f"id{row}_1.jpg" for row in range(1, 31)]
        assert column.failures == {"image_not_found": 30}
        assert column.fetched_bytes == len(JPG)
        assert origin.counts == {"/a": 1, "/missing": 1}
        await stage.fetch(rows, Catalogue(), again, resume=False)
        assert origin.counts == {"/a": 2, "/missing": 2}


async def test_rows_of_one_id_have_an_image_each(gcs: str, origin: Origin, target: ImageTarget) -> None:
    cells = [origin.says("/a", OK), origin.says("/b", http(PNG)), origin.says("/c", OK)]
    rows = table(*cells, ids=["x", "x", "x"], repeated=[False, True, True])
    for resume, reused in ((False, 0), (True, 3)):
        column = await run(limits(origin), rows, target, resume=resume)
        assert names(column, target) == ["x_0.jpg", "x%row2_0.png", "x%row3_0.jpg"]
        assert column.reused == reused


async def test_no_rows_give_no_images(gcs: str, origin: Origin, target: ImageTarget) -> None:
    column = await run(limits(origin), table(), target)
    assert column.uris.to_pylist() == []
    assert column.rows == {}


async def test_each_failed_url_is_told(gcs: str, origin: Origin, target: ImageTarget) -> None:
    told: list[ImageFailure] = []
    missing = origin.url("/missing")
    await run(limits(origin), table(f"{missing}, http://a\nFORGED LOG LINE\u202e/{'x' * 9000}"), target, failures=told)
    assert [(each.row, each.row_id, each.code) for each in told] == [
        (1, "id1", Code.IMAGE_NOT_FOUND),
        (1, "id1", Code.BAD_URL),
    ]
    assert told[0].url == missing
    assert told[1].url.isprintable()
    assert len(told[1].url) < 3000


async def test_failed_urls_are_in_the_order_of_rows_and_of_their_urls(
    gcs: str, origin: Origin, target: ImageTarget
) -> None:
    answered: list[str] = []
    last = asyncio.Event()

    async def late(request: Request, writer: asyncio.StreamWriter) -> None:
        await last.wait()
        answered.append(request.path)
        writer.write(http(status=404))

    async def prompt(request: Request, writer: asyncio.StreamWriter) -> None:
        answered.append(request.path)
        writer.write(http(status=410))
        last.set()

    slow, quick, good = origin.does("/slow", late), origin.does("/quick", prompt), origin.says("/good", OK)
    rows = table(f"{slow}, http://10.0.0.1/, {good}", good, f"ftp://u:secret@h/, {quick}", ids=["a", "b", "c" * 9000])
    column = await run(limits(origin), rows, target)
    assert answered == ["/quick", "/slow"]
    assert [(each.row, each.row_id[:1], each.url, each.code) for each in column.failed_urls] == [
        (1, "a", slow, Code.IMAGE_NOT_FOUND),
        (1, "a", "http://10.0.0.1/", Code.BLOCKED_ADDRESS),
        (3, "c", "ftp://…@h/", Code.BAD_URL),
        (3, "c", quick, Code.IMAGE_NOT_FOUND),
    ]
    assert column.failed_urls[0].detail == "The URL answered with status 404."
    assert len(column.failed_urls[2].row_id) < 1000
    assert sum(column.failures.values()) == len(column.failed_urls)


async def test_a_cell_that_is_not_what_the_catalogue_says(gcs: str, origin: Origin, target: ImageTarget) -> None:
    column = await run(limits(origin), table('["http'), target, catalogue=Catalogue(image_list="json"))
    assert (column.rows, column.failures) == ({"bad_url": 1}, {"bad_url": 1})


async def test_urls_past_the_limit_are_left_alone(gcs: str, origin: Origin, target: ImageTarget) -> None:
    cell = ", ".join([origin.url("/missing")] * 3 + [origin.says("/a", OK)])
    assert (await run(limits(origin, urls_per_row=3), table(cell), target)).rows == {"image_not_found": 1}
    assert (await run(limits(origin, urls_per_row=4), table(cell), target)).rows == {"stored": 1}


async def test_a_hiccup_is_retried(gcs: str, origin: Origin, target: ImageTarget) -> None:
    url = origin.says("/a", BROKEN, BROKEN, OK)
    column = await run(limits(origin, fetch_retry=THREE_TRIES), table(url), target)
    assert (column.rows, column.failures) == ({"stored": 1}, {})


async def test_a_failure_of_the_image_itself_is_not_retried(gcs: str, origin: Origin, target: ImageTarget) -> None:
    await run(limits(origin, fetch_retry=THREE_TRIES), table(origin.url("/missing")), target)
    assert origin.counts["/missing"] == 1


async def test_a_server_that_asks_for_too_long_is_not_waited_for(gcs: str, origin: Origin, target: ImageTarget) -> None:
    url = origin.says("/a", http(status=429, headers={"Retry-After": "200"}))
    async with asyncio.timeout(5):
        with pytest.raises(DropforgeError) as raised:
            await run(limits(origin, fetch_retry=THREE_TRIES), table(url), target)
    assert raised.value.retry_after_s == pytest.approx(200, abs=1)
    assert origin.counts["/a"] == 1


async def test_of_a_row_with_very_many_failed_urls(gcs: str, origin: Origin, target: ImageTarget) -> None:
    """Where it has no image all are told, and else as many as are found again with its image."""
    bad = [f"ftp://h/{number}/{'x' * 3000}" for number in range(100)]
    rows = table(", ".join(bad), ", ".join([*bad, origin.says("/a", OK)]))
    settings = limits(origin, urls_per_row=200)
    first = await run(settings, rows, target)
    second = await run(settings, rows, target, resume=True)
    assert first.failed_urls == second.failed_urls
    told = [each.row for each in first.failed_urls]
    assert told.count(1) == 100
    assert 5 < told.count(2) < 100


class TestPassingFailures:
    async def test_too_many_fail_the_shard(self, gcs: str, origin: Origin, target: ImageTarget) -> None:
        good, bad, spare = origin.says("/good", OK), origin.says("/bad", BROKEN), origin.says("/spare", OK)
        told: list[ImageFailure] = []
        with pytest.raises(DropforgeError) as raised:
            await run(
                limits(origin, tolerated_passing_share=0.25),
                table(good, good, f"{bad}, {spare}", bad),
                target,
                failures=told,
            )
        assert raised.value.code is Code.IMAGE_HOST_DOWN
        assert "2 of 4 rows" in raised.value.message
        assert "server_error 2" in raised.value.message
        assert "127.0.0.1 2" in raised.value.message
        assert origin.counts["/spare"] == 0
        assert {each.code for each in told} == {Code.SERVER_ERROR}

    async def test_a_dead_host_fails_a_shard_and_a_stray_url_does_not(
        self, gcs: str, origin: Origin, target: ImageTarget
    ) -> None:
        good, bad = origin.says("/good", OK), origin.says("/bad", BROKEN)
        assert (await run(limits(origin), table(bad, *[good] * 19), target)).rows == {"stored": 19, "server_error": 1}
        with pytest.raises(DropforgeError):
            await run(limits(origin), table(bad, bad, *[good] * 18), target)

    async def test_none_is_tolerated_where_so_set(self, gcs: str, origin: Origin, target: ImageTarget) -> None:
        rows = table(origin.says("/bad", BROKEN), *[origin.says("/good", OK)] * 99)
        with pytest.raises(DropforgeError):
            await run(limits(origin, tolerated_passing_share=0, tolerated_passing_rows=0), rows, target)

    async def test_in_a_small_file_one_is_tolerated_unless_it_is_all(
        self, gcs: str, origin: Origin, target: ImageTarget
    ) -> None:
        good, bad = origin.says("/good", OK), origin.says("/bad", BROKEN)
        assert (await run(limits(origin), table(bad, *[good] * 9), target)).rows == {"stored": 9, "server_error": 1}
        for cells in ([bad], [bad, bad, good]):
            with pytest.raises(DropforgeError) as raised:
                await run(limits(origin), table(*cells), target)
            assert raised.value.code is Code.IMAGE_HOST_DOWN
        two = limits(origin, tolerated_passing_rows=2)
        assert (await run(two, table(bad, bad, good), target)).rows == {"stored": 1, "server_error": 2}

    async def test_images_that_are_given_up_are_counted(self, gcs: str, origin: Origin, target: ImageTarget) -> None:
        good, bad, spare = origin.says("/good", OK), origin.says("/bad", BROKEN), origin.says("/spare", OK)
        rows = table(good, bad, f"{bad}, {spare}", bad)
        column = await run(limits(origin), rows, target, give_up=True)
        assert names(column, target) == ["id1_0.jpg", "", "id3_1.jpg", ""]
        assert (column.rows, column.given_up) == ({"stored": 2, "server_error": 2}, 2)

    async def test_what_is_tolerated_anyway_is_not_given_up(
        self, gcs: str, origin: Origin, target: ImageTarget
    ) -> None:
        rows = table(origin.says("/bad", BROKEN), *[origin.says("/good", OK)] * 9)
        assert (await run(limits(origin), rows, target, give_up=True)).given_up == 0

    async def test_a_tolerated_row_gets_its_further_urls(self, gcs: str, origin: Origin, target: ImageTarget) -> None:
        bad, missing, spare = origin.says("/bad", BROKEN), origin.url("/missing"), origin.says("/spare", OK)
        rows = table(f"{bad}, {missing}, {bad}, {spare}", f"{bad}, {missing}", f"{missing}, {bad}")
        column = await run(limits(origin, tolerated_passing_share=1), rows, target)
        assert names(column, target) == ["id1_3.jpg", "", ""]
        assert column.rows == {"stored": 1, "image_not_found": 1, "server_error": 1}
        assert column.failures == {"server_error": 4, "image_not_found": 3}

    @pytest.mark.parametrize("listed_rows", [0, stage.LISTED_ROWS])
    async def test_cells_are_those_of_an_undisturbed_run(
        self, gcs: str, origin: Origin, target: ImageTarget, monkeypatch: pytest.MonkeyPatch, listed_rows: int
    ) -> None:
        """A host that fails during the first attempt changes neither cells nor what is stored."""
        monkeypatch.setattr(stage, "LISTED_ROWS", listed_rows)
        up = False

        async def flaky(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(OK if up else BROKEN)

        flaky_url, good, missing = origin.does("/flaky", flaky), origin.says("/good", OK), origin.url("/missing")
        rows = table(good, f"{flaky_url}, {good}", f"{missing}, {good}", f"{missing}, {flaky_url}, {good}")
        with pytest.raises(DropforgeError):
            await run(limits(origin), rows, target)
        up = True
        before = origin.counts.copy()
        resumed = await run(limits(origin), rows, target, resume=True)
        undisturbed = await run(limits(origin), rows, ImageTarget(target.bucket, f"{target.folder}-2"))
        assert names(resumed, target) == ["id1_0.jpg", "id2_0.jpg", "id3_1.jpg", "id4_1.jpg"]
        assert [uri.rsplit("/")[-1] for uri in undisturbed.uris.to_pylist()] == names(resumed, target)
        assert resumed.failed_urls == undisturbed.failed_urls
        assert resumed.reused == 2
        assert resumed.fetched_bytes == len(JPG)
        assert before["/good"] == 1

    async def test_a_host_that_is_left_alone(self, gcs: str, origin: Origin, target: ImageTarget) -> None:
        urls = [origin.says(f"/{number}", BROKEN) for number in range(40)]
        settings = limits(origin, host_down_after=5, fetches_per_host=1, tolerated_passing_share=1)
        column = await run(settings, table(*urls), target)
        assert column.rows == {"server_error": 5, "image_host_down": 35}
        assert len(origin.requests) == 5

    async def test_a_short_outage_costs_no_image(self, gcs: str, origin: Origin, target: ImageTarget) -> None:
        down = True

        async def flaky(request: Request, writer: asyncio.StreamWriter) -> None:
            nonlocal down
            writer.write(BROKEN if down else OK)
            down = down and len(origin.requests) < 8

        urls = [origin.does(f"/{number}", flaky) for number in range(40)]
        settings = limits(origin, host_down_after=5, fetches_per_host=5, host_down_s=0.05, host_wait_s=10)
        column = await run(
            settings.model_copy(update={"fetch_retry": ONE_TRY.model_copy(update={"attempts": 5})}),
            table(*urls),
            target,
        )
        assert column.rows == {"stored": 40}


class TestResume:
    async def test_what_is_stored_is_not_fetched_again(self, gcs: str, origin: Origin, target: ImageTarget) -> None:
        rows = table(
            origin.says("/a", OK), f"{origin.url('/missing')}, {origin.says('/b', http(PNG))}", origin.url("/missing")
        )
        first = await run(limits(origin), rows, target)
        origin.requests.clear()
        second = await run(limits(origin), rows, target, resume=True)
        assert second.uris == first.uris
        assert second.rows == first.rows
        assert len(first.failed_urls) == 2
        assert (second.failed_urls, second.failures) == (first.failed_urls, first.failures)
        assert (second.reused, second.fetched_bytes) == (2, 0)
        assert [request.path for request in origin.requests] == ["/missing"]

    @pytest.mark.parametrize("count", [3, 300])
    async def test_a_shard_asks_the_bucket_once(
        self, monkeypatch: pytest.MonkeyPatch, proxy: StorageProxy, origin: Origin, target: ImageTarget, count: int
    ) -> None:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
        rows = table(*[origin.says("/a", OK)] * (count - 1), origin.url("/missing"))
        await run(limits(origin), rows, target)
        proxy.asked.clear()
        column = await run(limits(origin), rows, target, resume=True)
        assert column.reused == count - 1
        assert [call.operation for call in proxy.calls] == ["list"]

    async def test_a_first_attempt_asks_the_bucket_nothing(
        self, monkeypatch: pytest.MonkeyPatch, origin: Origin, target: ImageTarget
    ) -> None:
        async with running_origin() as bucket:
            monkeypatch.setenv("STORAGE_EMULATOR_HOST", bucket.url(""))
            await run(limits(origin), table(origin.url("/missing"), ""), target)
        assert bucket.requests == []

    async def test_two_attempts_at_once_give_the_same(self, gcs: str, origin: Origin, target: ImageTarget) -> None:
        rows = table(*[origin.says("/a", OK)] * 20)
        async with ImageStage(limits(origin)) as stage:
            first, second = await asyncio.gather(
                *(stage.fetch(rows, Catalogue(), target, resume=False) for _ in range(2))
            )
        assert first.uris == second.uris
        assert first.rows == second.rows == {"stored": 20}
        assert first.reused + second.reused == 20


class TestIsolation:
    async def test_a_host_that_hangs_holds_up_no_other(
        self, gcs: str, origin: Origin, other: Origin, target: ImageTarget
    ) -> None:
        answer = asyncio.Event()

        async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
            await answer.wait()
            writer.write(OK)

        async def good(request: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(OK)
            if len(other.requests) == 60:
                answer.set()

        hanging = [origin.does(f"/hang/{number}", hang) for number in range(60)]
        for number in range(60):
            other.does(f"/good/{number}", good)
        fine = [other.url(f"/good/{number}", host="127.0.0.2") for number in range(60)]
        settings = limits(origin, other, images_in_flight=8, fetches_per_host=4, fetch_s=30, read_s=30)
        async with asyncio.timeout(20):
            column = await run(settings, table(*hanging, *fine), target)
        assert column.rows == {"stored": 120}
        assert origin.most_open == 4

    async def test_a_bucket_that_refuses_ends_the_shard(self, gcs: str, origin: Origin) -> None:
        rows = table(*[origin.says("/a", OK)] * 50)
        async with ImageStage(limits(origin, images_in_flight=4)) as stage:
            with pytest.raises(DropforgeError) as raised:
                await stage.fetch(rows, Catalogue(), ImageTarget("no-such-bucket", "f"), resume=False)
            assert raised.value.code is Code.BAD_SETTINGS
            async with asyncio.timeout(10):  # every place was given back
                column = await stage.fetch(rows, Catalogue(), ImageTarget("shop-images", "refused"), resume=False)
        assert column.rows == {"stored": 50}

    async def test_a_cancelled_shard_gives_its_places_back(self, gcs: str, origin: Origin, target: ImageTarget) -> None:
        started = asyncio.Event()

        async def hang(request: Request, writer: asyncio.StreamWriter) -> None:
            started.set()
            await asyncio.sleep(30)

        async with ImageStage(limits(origin, images_in_flight=2, fetches_per_host=2)) as stage:
            task = asyncio.create_task(
                stage.fetch(table(*[origin.does("/hang", hang)] * 10), Catalogue(), target, resume=False)
            )
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(10):
                column = await stage.fetch(table(origin.says("/a", OK)), Catalogue(), target, resume=False)
        assert column.rows == {"stored": 1}
