"""Which drops have a run, for a few of them and for a million."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from actors.model.drop import Drop
from serve_app.runs.run_registry import RunRegistry

FEW = 1000
"""Drops that are asked for one by one. A listing of all runs costs a request for each 1,000 of them."""

_AT_A_TIME = 16


class KnownRuns:
    """Answers for one look over the uploads. Blocking: call it from a thread.

    It asks for each drop's run, so that the cost is that of the drops. After `few` drops it lists the runs instead, and
    keeps their ids: some 80 MB for a million.
    """

    def __init__(self, registry: RunRegistry, *, few: int = FEW) -> None:
        self._registry = registry
        self._left = few
        self._ids: frozenset[bytes] | None = None

    def missing(self, drops: Sequence[Drop]) -> list[Drop]:
        """Those that have no run, in their order. Raises what `Bucket` raises."""
        if self._ids is None and len(drops) <= self._left:
            self._left -= len(drops)
            if not drops:
                return []
            with ThreadPoolExecutor(_AT_A_TIME) as threads:
                known = threads.map(self._registry.has_run, [drop.run_id for drop in drops])
                return [drop for drop, there in zip(drops, known, strict=True) if not there]
        if self._ids is None:
            self._ids = frozenset(map(bytes.fromhex, self._registry.run_ids()))
        return [drop for drop in drops if bytes.fromhex(drop.run_id) not in self._ids]
