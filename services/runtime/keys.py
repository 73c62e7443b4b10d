"""HMAC keys: which are in use, by ids that tell nothing of them."""

from collections.abc import Callable, Sequence
from hashlib import blake2b

import structlog
from prometheus_client import CollectorRegistry, Counter

log = structlog.get_logger()


def key_id(key: bytes) -> str:
    """Return eight hexadecimal digits that name *key*."""
    return blake2b(key, digest_size=4, person=b"key id").hexdigest()


def told(purpose: str, keys: Sequence[bytes]) -> None:
    """Log which *keys* a process holds; the first one makes."""
    log.info("keys", purpose=purpose, keys=[key_id(key) for key in keys])


def token_counter(registry: CollectorRegistry) -> Callable[[bytes], None]:
    """Return what counts the tokens that each key opened.

    While the count of the key that goes still grows, it is too early to drop it.
    """
    opened = Counter(
        "tokens_opened",
        "Page tokens and cursors opened, by the key that had sealed them.",
        ["key"],
        registry=registry,
    )
    return lambda key: opened.labels(key_id(key)).inc()
