"""What is done to the run with faults, spread over it by the rows that are done, and what each has cost."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from serve_app.runs.lease import read_holder
from tests.support.processes import send

from .request_log import IMAGE
from .samples import Sample
from .stack import Stack

OUTAGE_S = 60.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault once this share of the rows is done. `target` is a deployment, the owner, the node, or the host."""

    share: float
    target: str


OWNER, NODE, HOST, _FETCHER = "owner", "node", "image host", "ImageFetcher"
PLAN = (
    Planned(0.08, "Cleaner"),
    Planned(0.18, "Writer"),
    Planned(0.28, OWNER),
    Planned(0.38, _FETCHER),
    Planned(0.48, HOST),
    Planned(0.60, "Attributes"),
    Planned(0.70, NODE),
    Planned(0.82, OWNER),
)


@dataclass(frozen=True, slots=True)
class Struck:
    """`in_flight` are the images that had been handed out and were not stored at that moment.

    `twice` are those handed out again until the next fault, `still_s` the seconds until more rows were done.
    """

    target: str
    rows: int
    at_s: float
    in_flight: int
    repeats_before: int
    twice: int = 0
    still_s: float | None = None


class Faults:
    """Strikes one after the other, each once the one before has been got over. What was struck is kept in `path`."""

    def __init__(self, stack: Stack, rows: int, path: Path, plan: Sequence[Planned] = PLAN) -> None:
        self._stack = stack
        self._rows = rows
        self._path = path
        self._plan = plan
        self._random = random.Random(rows)
        self._host_up_at: float | None = None
        found = json.loads(path.read_text()) if path.exists() else []
        self.struck = [Struck(**each) for each in found]

    def look(self, sample: Sample, tell: Callable[[str], None]) -> None:
        """Notes what the last fault has cost so far, and strikes the next one where its time has come."""
        if self._host_up_at is not None and time.monotonic() >= self._host_up_at:
            self._stack.fetches.down, self._host_up_at = False, None
            tell("the image host is up again")
        if self.struck:
            self._note(sample)
        recovered = not self.struck or self.struck[-1].still_s is not None
        if len(self.struck) == len(self._plan) or not recovered or self._host_up_at is not None:
            return
        planned = self._plan[len(self.struck)]
        if sample.rows < planned.share * self._rows:
            return
        moment = self._moment(planned.target, sample)
        if planned.target == _FETCHER and not moment.in_flight:
            return  # it is ahead of the cleaners, and its death would cost nothing
        tell(f"{planned.target} is {'down for a minute' if planned.target == HOST else 'killed'}")
        self.struck.append(moment)
        self._strike(planned.target)
        self._save()

    def end(self) -> None:
        """At the run's end, or when this process stops."""
        self._stack.fetches.down = False
        if self.struck:
            last = self.struck[-1]
            self.struck[-1] = replace(last, twice=self._repeats() - last.repeats_before)
            self._save()

    def _note(self, sample: Sample) -> None:
        last = self.struck[-1]
        still_s = last.still_s
        if still_s is None and sample.rows > last.rows:
            still_s = round(sample.at_s - last.at_s, 1)
        self.struck[-1] = replace(last, twice=self._repeats() - last.repeats_before, still_s=still_s)
        self._save()

    def _moment(self, target: str, sample: Sample) -> Struck:
        requests = self._stack.requests
        requests.look()
        stored = requests.by_kind[IMAGE]  # before those in flight are counted, so that none is left out
        in_flight = max(0, self._stack.fetches.different - stored)
        return Struck(target, sample.rows, sample.at_s, in_flight, self._repeats())

    def _repeats(self) -> int:
        return self._stack.fetches.total - self._stack.fetches.different

    def _strike(self, target: str) -> None:
        stack = self._stack
        if target == HOST:
            stack.fetches.down = True
            self._host_up_at = time.monotonic() + OUTAGE_S
        elif target == NODE:
            stack.node.kill()
            stack.replace_node()
        elif target == OWNER:
            send(self._owner(), signal.SIGKILL)
        else:
            send(self._random.choice(stack.node.replicas(target)), signal.SIGKILL)

    def _owner(self) -> int:
        """The process that holds the run's lease, which names it."""
        (run_id,) = self._stack.ledger.open_run_ids()
        found = read_holder(self._stack.work, self._stack.ledger.layout.of(run_id).lease)
        assert found is not None
        return int(found[0].owner.rsplit("-", 2)[1])

    def _save(self) -> None:
        self._path.write_text(json.dumps([asdict(each) for each in self.struck], indent=1))
