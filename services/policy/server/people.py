"""Who speaks, and why people's work is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from services.policy.callers import Caller
from services.policy.domain import refusals
from services.policy.errors import (
    AppealExhausted,
    ClaimNotHeld,
    OldVersion,
    ReviewerNotIndependent,
)
from services.runtime.calls import CALLER, IDENTITY_HEADER
from services.runtime.clock import Clock
from services.runtime.errors import FailedPrecondition, InvalidField
from services.runtime.ids import MAX_ID_CHARS


def speaker(context: Any, clock: Clock) -> Caller:
    """Return who calls: as authenticated, or on loopback plaintext as they say."""
    caller = CALLER.get()
    name = caller.name
    if caller.local:
        given = dict(context.invocation_metadata() or ()).get(IDENTITY_HEADER, "")
        if isinstance(given, str) and given:
            if len(given) > MAX_ID_CHARS or not given.isprintable():
                raise InvalidField(IDENTITY_HEADER, "must be a printable name")
            name = f"{name}:{given}"
    return Caller(name, clock.now())


@contextmanager
def refused(name: str) -> Iterator[None]:
    """Turn the domain's refusals into errors about the resource *name*."""
    try:
        yield
    except refusals.OtherVersion as error:
        raise OldVersion(name, error.problem) from None
    except refusals.ClaimLost:
        raise ClaimNotHeld(name) from None
    except refusals.NotIndependent:
        raise ReviewerNotIndependent(name) from None
    except refusals.AppealUsedUp:
        raise AppealExhausted(name) from None
    except refusals.WouldWorsen as error:
        raise InvalidField("remitted_tier", error.problem) from None
    except refusals.WrongState as error:
        raise FailedPrecondition(f"{name} {error.problem}", name=name) from None
