"""The keys of an issuer of tokens, from a file or a URL, as they change."""

import asyncio
import json
import ssl
import time
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import (
    HTTPRedirectHandler,
    HTTPSHandler,
    Request,
    build_opener,
)

import jwt
import structlog

from services.runtime.access import Issuer
from services.runtime.errors import DependencyUnavailable
from services.runtime.watched import Watched

log = structlog.get_logger()

COOL_DOWN = 10.0
"""Seconds between fetches for keys that are not known: anybody can invent ids."""
FETCH_TIMEOUT = 5.0
MAX_BYTES = 2**20

Keys = dict[str, Any]
"""Public keys by their id; "" is the only one, where it has none."""


class KeySet:
    """The keys of *issuer*. `find` is at once; `refresh` asks the issuer again."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._file: Watched[Keys] | None = None
        self._keys: Keys = {}
        self._fetched = -1e9
        self._tried = -1e9
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def find(self, key_id: str) -> Any | None:
        """Return the key of that id, or None; what is old is fetched meanwhile."""
        if self._issuer.url is None:
            return _pick(self._in_file(), key_id)
        if self._keys and time.monotonic() - self._fetched > self._issuer.refresh_s:
            self._refresh_soon()
        return _pick(self._keys, key_id)

    async def refresh(self) -> None:
        """Fetch the keys, though not more often than every ten seconds.

        Raises DependencyUnavailable where there never were any.
        """
        if self._issuer.url is not None:
            async with self._lock:
                await self._fetch()
        if not self._keys and self._file is None:
            raise DependencyUnavailable(f"keys of {self._issuer.name}")

    def _in_file(self) -> Keys:
        """Return the keys in the file; a file that is not there yet may come."""
        path = Path(self._issuer.keys)
        if self._file is None:
            try:
                load = partial(_read, path)
                self._file = Watched((path,), load, seconds=0)
            except (OSError, ValueError) as error:
                name = self._issuer.name
                log.warning("keys not read", issuer=name, error=str(error))
                return {}
        return self._file.get()

    def _refresh_soon(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self.refresh())

    async def _fetch(self) -> None:
        now = time.monotonic()
        if now - self._tried < COOL_DOWN:
            return
        self._tried = now
        try:
            self._keys = await asyncio.to_thread(_get, self._issuer)
        except (OSError, URLError, ValueError, jwt.PyJWTError) as error:
            # What was fetched before goes on: an issuer may be away for a while.
            log.warning("keys not fetched", issuer=self._issuer.name, error=str(error))
        else:
            self._fetched = now


def _pick(keys: Keys, key_id: str) -> Any | None:
    if not key_id and len(keys) == 1:
        return next(iter(keys.values()))
    return keys.get(key_id)


def _read(path: Path) -> Keys:
    return _parse(path.read_bytes())


def _get(issuer: Issuer) -> Keys:
    request = Request(str(issuer.url), headers={"Accept": "application/json"})  # noqa: S310  # checked by Issuer
    if issuer.bearer_file is not None:
        token = issuer.bearer_file.read_text("utf-8").strip()
        request.add_header("Authorization", f"Bearer {token}")
    context = ssl.create_default_context(cafile=issuer.ca_file)
    opener = build_opener(_Straight, HTTPSHandler(context=context))
    with opener.open(request, timeout=FETCH_TIMEOUT) as answer:
        return _parse(answer.read(MAX_BYTES))


class _Straight(HTTPRedirectHandler):
    """Follows no redirect: it would take the token along, wherever it leads."""

    def redirect_request(self, *_: object) -> None:
        """Let the answer stand, which is an error."""


def _parse(body: bytes) -> Keys:
    """Read a JSON Web Key Set; keys of kinds nobody knows are left out."""
    try:
        found = jwt.PyJWKSet.from_dict(json.loads(body))
    except (jwt.PyJWTError, AttributeError, TypeError) as error:
        raise ValueError(f"no JSON Web Key Set: {error}") from error
    return {key.key_id or "": key.key for key in found.keys if key.key_type != "oct"}
