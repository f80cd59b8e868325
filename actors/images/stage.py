"""The image stage: stores the first available image of each row of a shard in the bucket.

Which image a row gets must not depend on the time of its fetch, so failures are handled as follows:

- After a failure of kind `IMAGE` (404, not an image, blocked, …) the row's next URL is tried.
- After a transient failure (kind `PASSING`), and the URL's retries, the row is held. With the next URL, a short outage
  could give the row another image than an undisturbed run.
- After all rows were tried, the number of held rows decides. If it is above what `tolerated_passing_share` and
  `tolerated_passing_rows` allow, the shard fails with `IMAGE_HOST_DOWN`; its retry finds the stored images and fetches
  only the rest. Otherwise the held rows' further URLs are tried, once each, as the reference does immediately: an image
  is better than none, and a few dead servers among many must not prevent the end of a run. Such a row is counted by its
  last failure, so that no missing image goes unnoticed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from types import TracebackType
from typing import Self

import pyarrow as pa

from actors import side_by_side
from actors.errors import Code, DropforgeError, Kind
from actors.model.catalogue import Catalogue
from actors.model.frame import ImageColumn, ImageFailure

from .attempts import with_retries
from .decode import Decoder
from .download import Body, Downloader
from .failed_urls import image_failure, notable, note_of, noted
from .names import ImageTarget, RowKey, image_name, likely_name
from .settings import ImageSettings
from .shared_fetches import RunUrl, SharedFetches
from .upload import ImageStore
from .urls import Candidate, candidates, host_of

__all__ = ["ImageFailure", "ImageStage", "ImageTarget"]

STORED = "stored"

LISTED_ROWS = 10_000
"""Rows of a file whose images are found again by listing the run's folder, 1,000 in a request. Behind them the ids of a
shard would be all over too large a folder, so each row's is asked for by its likeliest name; one of another format is
fetched again, and not stored again."""

# The smallest GIF: one transparent pixel.
_ONE_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")


@dataclass(slots=True)
class _Row:
    """A row in process. `untried` holds its remaining URLs; `failure` is that of the last URL tried.

    `failed` has the failures of the URLs before the image.
    """

    number: int
    key: RowKey
    untried: list[Candidate] = field(default_factory=list)
    uri: str = ""
    failure: ImageFailure | None = None
    failed: list[ImageFailure] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        if self.uri:
            return STORED
        return str(self.failure.code if self.failure else Code.NO_IMAGE_URL)

    @property
    def failures_told(self) -> Sequence[ImageFailure]:
        """Of a row with an image those that every attempt knows."""
        return notable(self.failed) if self.uri else self.failed

    @property
    def held(self) -> bool:
        """Whether the row's last URL had a transient failure."""
        return not self.uri and self.failure is not None and self.failure.code.kind is Kind.PASSING


@dataclass(slots=True)
class _Shard:
    """The rows of one call, and their counts. `by_name`: images of an earlier attempt are not listed, but asked for."""

    target: ImageTarget
    rows: list[_Row] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    fetched_bytes: int = 0
    reused: int = 0
    given_up: int = 0
    by_name: bool = False

    def column(self) -> ImageColumn:
        return ImageColumn(
            uris=pa.array([row.uri for row in self.rows], pa.string()),
            rows=dict(Counter(row.outcome for row in self.rows)),
            failures=dict(self.failures),
            fetched_bytes=self.fetched_bytes,
            reused=self.reused,
            failed_urls=tuple(failure for row in self.rows for failure in row.failures_told),
            given_up=self.given_up,
        )


class ImageStage:
    """Fetches, checks and stores images. A context manager, to be entered on the event loop that uses it.

    Several shards may be fetched at the same time; they share the limits. `on_failure` is called with each URL that
    has no image, after its retries.
    """

    def __init__(
        self, settings: ImageSettings, *, on_failure: Callable[[ImageFailure], None] = lambda failure: None
    ) -> None:
        self._settings = settings
        self._on_failure = on_failure

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._downloader = Downloader(settings)
        self._decoder = Decoder(
            threads=settings.decode_threads, max_pixels=settings.max_pixels, max_frames=settings.max_frames
        )
        self._store = ImageStore(
            retry=settings.upload_retry, timeout_s=settings.upload_s, at_a_time=settings.uploads_in_flight
        )
        self._shared = SharedFetches(self._downloader.hold, kept_bytes=settings.reuse_mb << 20)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._downloader.close()
        self._decoder.close()
        await self._store.close()

    async def probe(self) -> str:
        """The extension of the smallest GIF, by the decoder: a health check, which hangs if the decoder's threads do.

        Raises `INTERNAL` when the HTTP session is closed.
        """
        if not self._downloader.open:
            raise DropforgeError(Code.INTERNAL, "The image fetcher's HTTP session is closed.")
        return (await self._decoder.format_of(_ONE_PIXEL)).extension

    async def fetch(
        self, rows: pa.Table, catalogue: Catalogue, target: ImageTarget, *, resume: bool, give_up: bool = False
    ) -> ImageColumn:
        """The image column for a shard's rows (`ShardFrame.rows`), in their order.

        With `resume`, finds the images that an earlier attempt at this shard stored, and fetches only the rest. With
        `give_up`, any number of rows may stay without an image because of transient failures.

        Raises:
            IMAGE_HOST_DOWN: a greater share of rows than tolerated had transient failures.
            STORAGE_UNAVAILABLE, BAD_SETTINGS: as `ImageStore`.
        """
        self._downloader.hosts.forget_idle()
        shard = _Shard(target)
        columns = (rows[name].to_pylist() for name in ("row", "repeated", "id", "image"))
        for number, repeated, row_id, cell in zip(*columns, strict=True):
            key = RowKey(row_id, number if repeated else None)
            shard.rows.append(self._row(number, key, cell, catalogue, shard))
        # All rows at once: one that waits for a slow host must not keep one of another host from starting. What runs
        # is bounded by the limits, and a shard by the plan.
        if resume:
            await self._find([row for row in shard.rows if row.untried], shard)
        await side_by_side.all_of(self._first_image(row, shard) for row in shard.rows if row.untried)
        held = [row for row in shard.rows if row.held]
        over = len(held) > (tolerated := self._tolerated(len(shard.rows)))
        if over and not give_up:
            raise _host_down(held, len(shard.rows), tolerated)
        await side_by_side.all_of(self._any_image(row, shard) for row in held)
        shard.given_up = sum(not row.uri for row in held) if over else 0
        return shard.column()

    def _tolerated(self, rows: int) -> int:
        """How many of a shard's rows may be held."""
        share = int(self._settings.tolerated_passing_share * rows)
        return max(share, min(self._settings.tolerated_passing_rows, rows - 1))

    def _row(self, number: int, key: RowKey, cell: str, catalogue: Catalogue, shard: _Shard) -> _Row:
        row = _Row(number, key)
        try:
            row.untried.extend(candidates(cell, catalogue)[: self._settings.urls_per_row])
        except DropforgeError as error:
            self._note(row, cell, error, shard)
        return row

    async def _find(self, rows: list[_Row], shard: _Shard) -> None:
        if any(row.number > LISTED_ROWS for row in rows):
            shard.by_name = True
            names = {row.key: likely_name(row.key, row.untried[0].index, row.untried[0].url) for row in rows}
            found = await self._store.named(shard.target, names)
        else:
            found = await self._store.stored(shard.target, [row.key for row in rows])
        for row in rows:
            image = found.get(row.key)
            if image is not None:
                row.uri = shard.target.uri(image.name)
                shard.reused += 1
                urls = (candidate.url for candidate in row.untried)
                for failure in noted(image.note, row.number, row.key.id, urls):
                    self._keep(failure, row, shard)

    async def _first_image(self, row: _Row, shard: _Shard) -> None:
        """Stores the row's first available image, or stops at the first transient failure."""
        while row.untried and not row.uri and not row.held:
            candidate = row.untried.pop(0)
            if shard.by_name and row.failed and await self._is_there(row, candidate, shard):
                return
            url = RunUrl(shard.target.folder, candidate.url)
            fetch = partial(self._fetch_patiently, candidate.url, bool(row.failed))
            await self._try(row, candidate, shard, self._shared.fetch(url, fetch))

    async def _is_there(self, row: _Row, candidate: Candidate, shard: _Shard) -> bool:
        """Whether an earlier attempt has stored the image of a URL behind ones that failed; then it is the row's."""
        name = likely_name(row.key, candidate.index, candidate.url)
        if not await self._store.named(shard.target, {row.key: name}):
            return False
        row.uri = shard.target.uri(name)
        shard.reused += 1
        return True

    async def _any_image(self, row: _Row, shard: _Shard) -> None:
        """Stores the first available image of the remaining URLs, whatever the failures before it."""
        while row.untried and not row.uri:
            candidate = row.untried.pop(0)
            await self._try(row, candidate, shard, self._downloader.fetch(candidate.url, ahead=True))

    async def _fetch_patiently(self, url: str, ahead: bool) -> Body:
        tries = count()
        return await with_retries(
            self._settings.fetch_retry, lambda: self._downloader.fetch(url, ahead=ahead or next(tries) > 0), subject=url
        )

    async def _try(self, row: _Row, candidate: Candidate, shard: _Shard, fetch: Awaitable[Body]) -> None:
        """Stores the image of one URL, or records why there is none. Raises what `ImageStore` raises."""
        try:
            body = await fetch
        except DropforgeError as error:
            self._note(row, candidate.url, error, shard)
            return
        with body as data:
            shard.fetched_bytes += len(data) if body.fetched else 0
            try:
                image = await self._decoder.format_of(data)
            except DropforgeError as error:
                self._note(row, candidate.url, error, shard)
                return
            name = image_name(row.key, candidate.index, image.extension)
            created = await self._store.create(shard.target, name, data, image.content_type, note_of(row.failed))
        row.uri = shard.target.uri(name)
        shard.reused += not created

    def _note(self, row: _Row, url: str, error: DropforgeError, shard: _Shard) -> None:
        row.failure = image_failure(row.number, row.key.id, url, error)
        self._keep(row.failure, row, shard)
        self._on_failure(row.failure)

    def _keep(self, failure: ImageFailure, row: _Row, shard: _Shard) -> None:
        row.failed.append(failure)
        shard.failures[str(failure.code)] += 1


def _host_down(held: list[_Row], rows: int, tolerated: int) -> DropforgeError:
    failures = [row.failure for row in held if row.failure]
    hosts = Counter(host_of(failure.url) for failure in failures)
    codes = Counter(str(failure.code) for failure in failures)
    return DropforgeError(
        Code.IMAGE_HOST_DOWN,
        f"{len(held)} of {rows} rows have no image because of transient failures ({_counts(codes)}; by host: "
        f"{_counts(hosts)}), more than the {tolerated} tolerated. The images stored so far are kept. Replay the "
        "shard when the host answers again, or with --give-up images to continue without them.",
        retry_after_s=max((failure.retry_after_s or 0.0 for failure in failures), default=0.0) or None,
    )


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common(5))
