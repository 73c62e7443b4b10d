"""The concerns of every RPC, in the order in which `standard` puts them."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from prometheus_client import CollectorRegistry
from structlog.contextvars import bind_contextvars, clear_contextvars

from services.runtime.access import watched
from services.runtime.admission import Admission, AdmissionMetrics
from services.runtime.calls import (
    DEADLINE,
    REQUEST_ID,
    REQUEST_ID_HEADER,
    TIME_HEADER,
)
from services.runtime.clock import CALLER_TIME
from services.runtime.errors import InvalidField
from services.runtime.fairness import Fairness, Limits
from services.runtime.gates import Pace
from services.runtime.identity import ANY, HEALTH, Identity
from services.runtime.ids import MAX_ID_CHARS, NewId, random_hex
from services.runtime.interceptors import Call, Chain, Concern
from services.runtime.metrics import RpcMetrics
from services.runtime.overdue import Overdue
from services.runtime.settings import RuntimeSettings
from services.runtime.spans import TRACER, Tracing

log = structlog.get_logger()


class RequestId:
    """Takes the caller's request id, or makes one, and binds it to the log."""

    def __init__(self, new_id: NewId = random_hex) -> None:
        self._new_id = new_id

    def enter(self, call: Call) -> None:
        """Bind the id for logs and for calls made on behalf of this one."""
        given = call.header(REQUEST_ID_HEADER)
        usable = 0 < len(given) <= MAX_ID_CHARS and given.isprintable()
        request_id = given if usable else self._new_id()
        REQUEST_ID.set(request_id)
        clear_contextvars()
        bind_contextvars(request_id=request_id)

    def leave(self, call: Call) -> None:
        """Do nothing: the context ends with the call."""


class CanonicalLog:
    """One line per RPC, with everything bound to it on the way."""

    def __init__(self) -> None:
        self._log = log.bind()  # found once: a line a call goes through it

    def enter(self, call: Call) -> None:
        """Do nothing: the line is written once the outcome is known."""

    def leave(self, call: Call) -> None:
        """Write the line; probes, which come every second, at debug."""
        write = self._log.debug if call.method.startswith(HEALTH) else self._log.info
        write("rpc", method=call.method, code=call.code, ms=round(call.ms, 2))


class Metrics:
    """Counts and times RPCs by method and code."""

    def __init__(self, metrics: RpcMetrics) -> None:
        self._metrics = metrics

    def enter(self, call: Call) -> None:
        """Count it as started."""
        self._metrics.started(call.method)

    def leave(self, call: Call) -> None:
        """Count how it ended."""
        self._metrics.ended(call.method, call.code, call.ms / 1e3)


class Deadline:
    """Bounds the work: the caller's deadline, else *cap* seconds if unary."""

    def __init__(self, cap: float = 30.0) -> None:
        self._overdue = Overdue(cap)

    def enter(self, call: Call) -> None:
        """Make the deadline known to the calls made on behalf of this one."""
        # grpc answers with the far future, not None, where no deadline came.
        left: float | None = call.context.time_remaining()
        if left is None or left > 1e8:
            DEADLINE.set(None)
            if call.bounded:
                self._overdue.watch(call)
        else:
            DEADLINE.set(time.monotonic() + left)

    def leave(self, call: Call) -> None:
        """Bound it no longer: grpc itself cancels what is late for its caller."""
        self._overdue.forget(call)


class CallerTime:
    """Takes the time that the caller says it is; only for replay and tests."""

    def enter(self, call: Call) -> None:
        """Bind the time, RFC 3339, for `CallerClock`."""
        text = call.header(TIME_HEADER)
        if not text:
            return
        try:
            said = datetime.fromisoformat(text)
        except ValueError:
            raise InvalidField(TIME_HEADER, "must be an RFC 3339 time") from None
        if said.tzinfo is None:
            raise InvalidField(TIME_HEADER, "must have an offset from UTC")
        CALLER_TIME.set(said.astimezone(UTC))

    def leave(self, call: Call) -> None:
        """Do nothing: the context ends with the call."""


def standard(
    settings: RuntimeSettings,
    roles: Mapping[str, frozenset[str]],
    registry: CollectorRegistry,
) -> Chain:
    """Return the chain of a server; `Identity` tells what *roles* holds.

    Raises SettingsError where the access file is wrong.
    """
    local = frozenset({ANY} if settings.trust_loopback else ())
    anonymous = frozenset(settings.anonymous_roles)
    limits = Limits(
        settings.caller_rate,
        settings.caller_burst,
        settings.caller_concurrency,
        settings.max_concurrent_rpcs,
    )
    concerns: list[Concern] = [
        RequestId(),
        CanonicalLog(),
        Metrics(RpcMetrics(registry)),
        Deadline(settings.unary_cap_s),
        Identity(roles, watched(settings.access_file), local, anonymous),
        Fairness(limits),
    ]
    if settings.admission:
        pace = Pace(settings.admission_slowdown, settings.admission_always)
        concerns.append(Admission(pace, AdmissionMetrics(registry), roles))
    if (tracer := TRACER.get()) is not None:
        concerns.insert(1, Tracing(tracer, untraced=HEALTH))
    if settings.clock == "caller":
        concerns.append(CallerTime())
    return Chain(*concerns)
