"""A servicer in this process, in the shape of a generated stub.

`LocalStub(servicer)` and `client.RemoteStub(stub)` take the same requests,
give the same responses and raise the same `ServiceError`s, so that the code
that uses them does not know which one it has.
"""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any

from services.runtime.calls import DEADLINE, time_left
from services.runtime.errors import DeadlineExceeded, ServiceError
from services.runtime.interceptors import translate
from services.runtime.spans import Hop, calling
from services.runtime.status import from_status, to_status


class LocalContext:
    """The part of grpc's ServicerContext that means something in process."""

    def __init__(self, timeout: float | None) -> None:
        self._timeout = timeout

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """Return none: context variables flow by themselves."""
        return ()

    def time_remaining(self) -> float | None:
        """Return the seconds left, or None."""
        return time_left(self._timeout)

    def peer(self) -> str:
        """Return `local:`."""
        return "local:"

    def cancelled(self) -> bool:
        """Return False: a caller that leaves cancels the task itself."""
        return False

    def set_code(self, code: object) -> None:
        """Ignore it: outcomes are raised."""

    def set_details(self, details: str) -> None:
        """Ignore it: outcomes are raised."""


class LocalCall:
    """A call about to be made: await it, or iterate over it."""

    def __init__(
        self,
        name: str,
        start: Callable[[LocalContext], Any],
        timeout: float | None,
        hop: Hop,
    ) -> None:
        self._name = name
        self._hop = hop
        self._start = start
        self._timeout = timeout

    def __await__(self) -> Generator[Any, None, Any]:
        """Return the one response."""
        return self._unary().__await__()

    async def __aiter__(self) -> AsyncIterator[Any]:
        """Yield the responses."""
        with self._hop:
            try:
                # The deadline of a stream is the caller's own; it flows by itself.
                async for response in self._start(LocalContext(self._timeout)):
                    yield response
            except Exception as error:
                raise _as_remote(error, self._name) from error

    async def _unary(self) -> Any:
        with self._hop, self._hop.current():
            return await self._bounded(time_left(self._timeout))

    async def _bounded(self, limit: float | None) -> Any:
        token = DEADLINE.set(None if limit is None else time.monotonic() + limit)
        try:
            async with asyncio.timeout(limit):
                response: Awaitable[Any] = self._start(LocalContext(limit))
                return await response
        except TimeoutError as error:
            raise DeadlineExceeded from error
        except Exception as error:
            raise _as_remote(error, self._name) from error
        finally:
            DEADLINE.reset(token)


class LocalStub:
    """Calls *servicer* directly; `await stub.Method(request, timeout=1)`."""

    def __init__(self, servicer: object) -> None:
        self._servicer = servicer

    def __getattr__(self, name: str) -> Callable[..., LocalCall]:
        """Return the method *name* of the stub."""
        method = getattr(self._servicer, name)
        if not inspect.isroutine(method) or name.startswith("_"):
            raise AttributeError(name)

        def call(request: Any, *, timeout: float | None = None) -> LocalCall:
            hop = calling(name, request, local=True)
            return LocalCall(
                name, lambda context: method(request, context), timeout, hop
            )

        return call


def _as_remote(error: Exception, method: str) -> ServiceError:
    """Return what a remote caller would get, through the same rendering."""
    return from_status(to_status(translate(error, method)))
