"""What stands in files that others replace: read again when they change."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger()

T = TypeVar("T")
_Stamp = tuple[tuple[int, int, int], ...]


class Watched(Generic[T]):
    """The value of *files*, by *load*, looked at again every *seconds* at most.

    Where new contents cannot be loaded the value stays as it was, an error is
    logged, and the next look tries again: files are replaced one by one. The
    first load raises what *load* raises. What is wrong with a *secret* is not
    told, as that may quote it.
    """

    def __init__(
        self,
        files: Sequence[Path],
        load: Callable[[], T],
        seconds: float = 1.0,
        *,
        secret: bool = False,
    ) -> None:
        self._files = files
        self._secret = secret
        self._load = load
        self._seconds = seconds
        self._stamp = _stamp(files)
        self._due = time.monotonic() + seconds
        self._value = load()
        self.version = 0
        """Grows with every change."""

    def get(self) -> T:
        """Return the value as it is now."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + self._seconds
            self._look()
        return self._value

    def _look(self) -> None:
        try:
            stamp = _stamp(self._files)
            if stamp == self._stamp:
                return
            value = self._load()
        except (OSError, ValueError) as error:
            names = [str(file) for file in self._files]
            fault = type(error).__name__ if self._secret else str(error)
            log.error("files not reread", files=names, fault=fault)  # noqa: TRY400
            return
        self._stamp, self._value = stamp, value
        self.version += 1


def _stamp(files: Sequence[Path]) -> _Stamp:
    """Return what differs once one of *files*, or what it links to, was replaced."""
    found = [file.stat() for file in files]
    return tuple((each.st_mtime_ns, each.st_ino, each.st_size) for each in found)
