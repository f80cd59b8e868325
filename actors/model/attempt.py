"""What kind of attempt is made at a run, or at one of its shards: what it may assume, and what it must look for."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of the kinds below, or what has become of it.

    `new`: nothing was ever begun, so no lease, part, image or output of an earlier attempt is looked for. It may be
    wrong where a message is delivered twice, and then costs requests and never a result: all writes have preconditions.
    `took_over`: the earlier owner let its lease lapse. `bisecting`: the shard killed the actors of an earlier attempt,
    so each of its calls is made alone, and it is split until the row at fault is found. `give_up_images`: a person has
    said that its rows may stay without the images that can't be fetched.
    """

    new: bool
    took_over: bool = False
    bisecting: bool = False
    give_up_images: bool = False

    def again(self) -> Attempt:
        """The attempt after this one has failed: it may have left something."""
        return replace(self, new=False)

    def bisect(self) -> Attempt:
        return replace(self, bisecting=True)

    def without_images(self) -> Attempt:
        return replace(self, give_up_images=True)


NEW = Attempt(new=True)
RESUMED = Attempt(new=False)
"""Of a run that was released, or replayed: parts and images may be there."""
TAKEN_OVER = Attempt(new=False, took_over=True)
