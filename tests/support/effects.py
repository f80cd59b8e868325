"""What a fault of the proxy does to a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from .proxy import Effect, Forward, Reply, Request


def answer(status: int, *headers: tuple[str, str]) -> Effect:
    """Answers with an error without passing the request on."""

    async def effect(request: Request, forward: Forward) -> Reply:
        return Reply(status, (("Content-Type", "application/json"), *headers), b"{}")

    return effect


async def reset(request: Request, forward: Forward) -> None:
    """Breaks the connection off before the request is passed on."""


async def lose_reply(request: Request, forward: Forward) -> None:
    """Passes the request on and loses the answer: what it asked for has happened."""
    await forward(request)


def stall(seconds: float) -> Effect:
    """Says nothing for so long, then breaks off."""

    async def effect(request: Request, forward: Forward) -> None:
        await asyncio.sleep(seconds)

    return effect


def delay(seconds: float) -> Effect:
    """Passes the request on after so long."""

    async def effect(request: Request, forward: Forward) -> Reply:
        await asyncio.sleep(seconds)
        return await forward(request)

    return effect


def meanwhile(action: Callable[[], object]) -> Effect:
    """Does something outside while the request waits, then passes it on."""

    async def effect(request: Request, forward: Forward) -> Reply:
        await asyncio.to_thread(action)
        return await forward(request)

    return effect


def instead(action: Callable[[Request], object]) -> Effect:
    """Does something to the one who has asked, who gets no answer."""

    async def effect(request: Request, forward: Forward) -> None:
        await asyncio.to_thread(action, request)

    return effect


def cut(kept_bytes: int) -> Effect:
    """Passes the request on and breaks the connection off after so many bytes of the answer's body."""

    async def effect(request: Request, forward: Forward) -> Reply:
        return replace(await forward(request), kept_bytes=kept_bytes)

    return effect


def afterwards(action: Callable[[], object]) -> Effect:
    """Passes the request on and does something outside before the answer goes back."""

    async def effect(request: Request, forward: Forward) -> Reply:
        reply = await forward(request)
        await asyncio.to_thread(action)
        return reply

    return effect
