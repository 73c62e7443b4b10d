"""Where faults come in: one-shot faults on databases and on calls between services.

A fault is armed by name and strikes the next time its seam is used. A `Crash`
is what a killed process is to its callers: nothing after it happens, nobody is
told, and only what was committed is left.
"""

import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

from services.runtime.database import Database
from services.runtime.errors import DeadlineExceeded, DependencyUnavailable

T = TypeVar("T")

WRITES = (
    "crash before commit",
    "crash after commit",
    "fail before commit",
    "fail after commit",
)
CALLS = ("request lost", "reply lost", "sent twice", "too late")


class Crash(BaseException):
    """The process ended here."""


class Forgotten(Exception):
    """Undoes a transaction whose caller is told that it was kept."""


class Wires:
    """The faults that are armed, and how often each has struck."""

    def __init__(self) -> None:
        self.armed: dict[str, str] = {}
        self.struck: Counter[str] = Counter()

    def take(self, seam: str) -> str:
        """Return the fault that strikes *seam* now, or nothing."""
        fault = self.armed.pop(seam, "")
        if fault:
            self.struck[f"{seam}: {fault}"] += 1
        return fault


class FaultyDatabase(Database):
    """A database whose writes fail as *wires* says for *seam*."""

    def __init__(self, seam: str, wires: Wires, url: str, **how: Any) -> None:
        super().__init__(url, threads=1, durable=False)
        self._seam = seam
        self._wires = wires

    async def write(self, fn: Callable[[Connection], T]) -> T:
        fault = self._wires.take(self._seam)
        if fault == "lie":
            return await self._lied(fn)
        if fault.endswith("before commit"):
            await self._undone(fn, fault)
        result = await super().write(fn)
        if fault == "crash after commit":
            raise Crash
        if fault == "fail after commit":
            raise DependencyUnavailable("database")
        return result

    async def _undone(self, fn: Callable[[Connection], T], fault: str) -> None:
        """Do all the work, and then lose it."""

        def doomed(connection: Connection) -> None:
            fn(connection)
            if fault.startswith("crash"):
                raise Crash
            raise DependencyUnavailable("database")

        await super().write(doomed)

    async def _lied(self, fn: Callable[[Connection], T]) -> T:
        """Answer as if it were kept: what no real fault does, and tests must find."""
        told: list[T] = []

        def forgotten(connection: Connection) -> None:
            told.append(fn(connection))
            raise Forgotten

        with contextlib.suppress(Forgotten):
            await super().write(forgotten)
        return told[0]


class Link:
    """A stub whose next call is lost, doubled or late, as *wires* says."""

    def __init__(self, inner: Any, seam: str, wires: Wires) -> None:
        self._inner = inner
        self._seam = seam
        self._wires = wires

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name.startswith("Watch"):
            return method
        return partial(self._call, method)

    async def _call(
        self, method: Callable[..., Awaitable[T]], request: Any, **how: Any
    ) -> T:
        fault = self._wires.take(self._seam)
        if fault == "request lost":
            raise DependencyUnavailable(self._seam)
        if fault == "sent twice":
            await method(request, **how)
        answer = await method(request, **how)
        if fault == "reply lost":
            raise DependencyUnavailable(self._seam)
        if fault == "too late":
            raise DeadlineExceeded
        return answer
