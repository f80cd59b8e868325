"""Plans a drop: reads it once, ahead of the scan, and hands out shards while the scan goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from .drop import Shard
from .plan import PlanStart
from .run import Run
from .source import Source
