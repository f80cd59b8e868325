"""Retry policies: the delay between a failed delivery of a message and the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from google.api_core.exceptions import InvalidArgument

from . import wire

_LONGEST_S = 600.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff between two bounds, in seconds.

    Rule: https://cloud.google.com/pubsub/docs/handling-failures#exponential_backoff
    """

    minimum_s: float
    maximum_s: float

    @classmethod
    def of(cls, config: wire.Subscription) -> Self:
        """The subscription's policy; without one, 0.1 to 60 s for a push subscription, and no delay for a pull one.

        Raises `InvalidArgument` unless 0 s <= minimum <= maximum <= 600 s.
        """
        if not config.HasField("retry_policy"):
            return cls(0.1, 60.0) if config.push_config.push_endpoint else cls(0.0, 0.0)
        given = config.retry_policy
        minimum = given.minimum_backoff.ToTimedelta().total_seconds() if given.HasField("minimum_backoff") else 10.0
        maximum = given.maximum_backoff.ToTimedelta().total_seconds() if given.HasField("maximum_backoff") else 600.0
        if not 0 <= minimum <= maximum <= _LONGEST_S:
            raise InvalidArgument(
                f"Invalid retry policy: minimum backoff {minimum} s, maximum backoff {maximum} s; "
                f"expected 0 <= minimum <= maximum <= {_LONGEST_S:.0f}."
            )
        return cls(minimum, maximum)

    def delay_s(self, attempts: int) -> float:
        """The delay after the failed delivery number `attempts` (1 is the first), in seconds."""
        return min(self.maximum_s, self.minimum_s * 2.0 ** min(attempts - 1, 32))
