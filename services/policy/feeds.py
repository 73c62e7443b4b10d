"""Streams of what changes, from a number on; resumable, with signs of life."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.runtime.bell import Bell
from services.runtime.calls import Shutdown

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items in order, and the number to go on after."""

    items: Sequence[T]
    last: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How often streams look for what others wrote, and say that they live."""

    poll: float
    heartbeat: float


async def follow(
    read: Callable[[int], Awaitable[Page[T]]],
    after: int,
    bell: Bell,
    pace: Pace,
    shutdown: Shutdown,
    *,
    once: bool = False,
) -> AsyncIterator[Page[T]]:
    """Yield pages after number *after* until *shutdown*; an empty one is a heartbeat.

    With *once*, end where there is nothing more to tell.
    """
    told = time.monotonic()
    while True:
        page = await read(after)
        if page.items:
            after = page.last
            yield page
            told = time.monotonic()
            continue
        if once or shutdown.is_set():
            yield page
            return
        if time.monotonic() - told >= pace.heartbeat:
            yield page
            told = time.monotonic()
        await bell.wait(pace.poll)
