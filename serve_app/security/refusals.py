"""The log of refused requests, bounded however many come.

The first ones of a minute get a line each. The rest are counted, and reported in one line at the end of the minute.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from actors.errors import DropforgeError
from actors.logs import labels

logger = logging.getLogger("dropforge.gate")

LINES_A_PERIOD = 20
PERIOD_S = 60.0

_SHOWN_CHARACTERS = 200


class Refusals:
    """Logs at most `lines` refusals one by one in `period_s` seconds. For one event loop."""

    def __init__(self, *, lines: int = LINES_A_PERIOD, period_s: float = PERIOD_S) -> None:
        self._lines = lines
        self._period_s = period_s
        self._left = lines
        self._untold: Counter[str] = Counter()
        self._period: asyncio.TimerHandle | None = None

    def note(self, method: str, path: str, error: DropforgeError) -> None:
        if self._period is None:
            self._period = asyncio.get_running_loop().call_later(self._period_s, self._end_period)
        if not self._left:
            self._untold[str(error.code)] += 1
            return
        self._left -= 1
        where = f"{method:.20} {path:.{_SHOWN_CHARACTERS}}"
        logger.warning("Refused %s: %s", where, error, extra=labels(code=error.code))

    def _end_period(self) -> None:
        self._period, self._left = None, self._lines
        if self._untold:
            counts = ", ".join(f"{count} {code}" for code, count in self._untold.most_common())
            total = self._untold.total()
            logger.warning("Refused %d more requests within %.0f s: %s", total, self._period_s, counts)
            self._untold.clear()
