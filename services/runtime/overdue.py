"""Ends calls that take too long, with one timer however many there are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.runtime.interceptors import Call


class Overdue:
    """Cancels the task of a call that is not over *limit* seconds after it began.

    `asyncio.timeout` costs a timer for each call, which is more than many a
    call itself. All have the same limit, so that the first to come is the first
    to be late; the one timer waits for it, or for one that is over already.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._due: dict[Call, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, call: Call) -> None:
        """Count the time of *call*, whose task is the current one."""
        loop = asyncio.get_running_loop()
        call.task = asyncio.current_task()
        due = self._due[call] = loop.time() + self._limit
        if self._timer is None:
            self._timer = loop.call_at(due, self._sweep, loop)

    def forget(self, call: Call) -> None:
        """Let *call* be: it is over."""
        self._due.pop(call, None)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now, late = loop.time(), []
        self._timer = None
        for call, due in self._due.items():
            if due > now:
                self._timer = loop.call_at(due, self._sweep, loop)
                break
            late.append(call)
        for call in late:
            self._due.pop(call)
            if call.task is not None:
                call.late = True
                call.task.cancel()
