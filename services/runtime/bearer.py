"""Bearer tokens: JSON Web Tokens of the issuers that the access file names."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from services.runtime.access import Issuer
from services.runtime.errors import ServiceError, Unauthenticated
from services.runtime.keysets import KeySet

MAX_TOKEN_CHARS = 6_144
"""gRPC takes 8 KiB of metadata in all."""
KEPT = 10_000
KEPT_S = 60.0
"""How long a token stands unchecked: a key that was withdrawn ends with it."""

PROBLEMS: Sequence[tuple[type[jwt.PyJWTError], str, str]] = (
    (jwt.ExpiredSignatureError, "TOKEN_EXPIRED", "the token has expired"),
    (jwt.ImmatureSignatureError, "TOKEN_TOO_EARLY", "the token is not valid yet"),
    (jwt.InvalidAudienceError, "AUDIENCE_WRONG", "the token is for somebody else"),
    (jwt.InvalidSignatureError, "SIGNATURE_WRONG", "the token's signature is wrong"),
    (jwt.InvalidAlgorithmError, "ALGORITHM_WRONG", "the token's algorithm is not used"),
    (jwt.MissingRequiredClaimError, "CLAIM_MISSING", "the token lacks a claim"),
)
"""Of each fault its stable code and what is said; any other is malformed."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a token speaks for, as its issuer says."""

    issuer: str
    """The name that the access file gives it."""
    subject: str
    groups: frozenset[str]
    expire_time: float
    """Seconds since 1970, leeway included."""


class Verifier:
    """Checks tokens of *issuers*, and remembers for a minute those it checked."""

    def __init__(self, issuers: Sequence[Issuer]) -> None:
        self._issuers = {issuer.issuer: (issuer, KeySet(issuer)) for issuer in issuers}
        self._checked: OrderedDict[str, tuple[Bearer, float]] = OrderedDict()

    def checked(self, token: str) -> Bearer | None:
        """Return whom *token* speaks for where it was checked within a minute."""
        found = self._checked.get(token)
        if found is None or time.time() >= found[1]:
            return None
        return found[0]

    async def check(self, token: str) -> Bearer:
        """Return whom *token* speaks for. Raises Unauthenticated with the problem."""
        issuer, keys, key_id = self._addressed(token)
        key = keys.find(key_id)
        if key is None:
            await keys.refresh()
            key = keys.find(key_id)
        if key is None:
            raise refused("KEY_UNKNOWN", "the token's key is not its issuer's")
        bearer = _bearer(_decoded(token, key, issuer), issuer)
        self._checked[token] = bearer, min(bearer.expire_time, time.time() + KEPT_S)
        if len(self._checked) > KEPT:
            self._checked.popitem(last=False)
        return bearer

    def _addressed(self, token: str) -> tuple[Issuer, KeySet, str]:
        """Return who seems to have signed *token*, and with which key."""
        if len(token) > MAX_TOKEN_CHARS:
            raise refused("TOKEN_MALFORMED", "the token is too long")
        try:
            head = jwt.get_unverified_header(token)
            said = jwt.decode(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError) as error:
            raise refused("TOKEN_MALFORMED", "this is no JSON Web Token") from error
        name, key_id = said.get("iss"), head.get("kid", "")
        found = self._issuers.get(name) if isinstance(name, str) else None
        if found is None:
            raise refused("ISSUER_UNKNOWN", "nobody here knows the token's issuer")
        return *found, str(key_id)


def refused(problem: str, said: str) -> ServiceError:
    """Return the error of a caller whose credentials have *problem*."""
    return Unauthenticated(said, problem=problem)


def _decoded(token: str, key: Any, issuer: Issuer) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(issuer.algorithms),
            audience=issuer.audience,
            issuer=issuer.issuer,
            leeway=issuer.leeway_s,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        for kind, problem, said in PROBLEMS:
            if isinstance(error, kind):
                raise refused(problem, said) from error
        raise refused("TOKEN_MALFORMED", "the token cannot be read") from error
    return claims


def _bearer(claims: dict[str, Any], issuer: Issuer) -> Bearer:
    groups = claims.get(issuer.groups_claim)
    if not isinstance(groups, list):
        groups = [groups]
    return Bearer(
        issuer.name,
        str(claims["sub"]),
        frozenset(group for group in groups if isinstance(group, str)),
        int(claims["exp"]) + issuer.leeway_s,
    )
