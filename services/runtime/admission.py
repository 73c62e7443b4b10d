"""Calls are let in by method, or refused before their messages are parsed."""

import asyncio
import time
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.runtime.errors import QueueFull
from services.runtime.gates import Gate, Pace
from services.runtime.interceptors import Call
from services.runtime.roles import roles_for

ORDINARY = frozenset({"reader", "writer"})
"""Roles whose calls are counted: the platform's, rather than its staff's."""

ROUNDS = 4
"""Rounds of the event loop that grpc.aio needs to bring a call to its handler."""


class Admission:
    """Lets in as many calls of each method as `Gate` finds; comes after `Identity`.

    *roles* tells which methods the platform's services call. Others, with which
    staff mend what overloads, are always let in, and so are probes. Streams are
    not counted: each is read only as fast as it is served.
    """

    def __init__(
        self,
        pace: Pace,
        metrics: "AdmissionMetrics",
        roles: Mapping[str, frozenset[str]],
    ) -> None:
        self._pace = pace
        self._metrics = metrics
        self._roles = roles
        self._gates: dict[str, Gate | None] = {}
        self._late = 0.0
        """Seconds that the event loop took for its last round seen."""
        self._looking = False

    def enter(self, call: Call) -> None:
        """Let *call* in, or raise QueueFull."""
        if call.size is None or call.caller is None:
            return
        method = call.method
        try:
            gate = self._gates[method]
        except KeyError:
            gate = self._gates[method] = self._gate(method)
        if gate is None:
            return
        try:
            call.ticket = gate.enter(call.caller.name, call.size, call.started)
        except QueueFull:
            self._metrics.refused(method)
            raise
        finally:
            if not self._looking:
                self._looking = True
                asyncio.get_running_loop().call_soon(self._look, time.perf_counter())

    def leave(self, call: Call) -> None:
        """Give its place back, and learn how long it took."""
        ticket = call.ticket
        if ticket is None:
            return
        call.ticket = None
        seconds = call.ms / 1e3
        ended = call.started + seconds
        # It waited for the loop before there was a clock to see it.
        seconds += ROUNDS * self._late
        if ticket.gate.leave(ticket, seconds, ended, call.code):
            self._metrics.limit(call.method, ticket.gate.limit)

    def _look(self, asked: float) -> None:
        """See how long what was asked of the loop had to wait."""
        self._looking = False
        self._late = time.perf_counter() - asked

    def _gate(self, method: str) -> Gate | None:
        if ORDINARY.isdisjoint(roles_for(method, self._roles)):
            return None
        gate = Gate(method, self._pace)
        self._metrics.limit(method, gate.limit)
        return gate


class AdmissionMetrics:
    """What `Admission` lets in and refuses, by method."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._limit = Gauge(
            "rpc_limit", "Calls let in at once.", ["method"], registry=registry
        )
        self._refused = Counter(
            "rpc_refused",
            "Calls refused because their method is full.",
            ["method"],
            registry=registry,
        )

    def limit(self, method: str, calls: float) -> None:
        """So many calls of *method* are let in at once from now on."""
        self._limit.labels(method).set(calls)

    def refused(self, method: str) -> None:
        """One call of *method* was refused."""
        self._refused.labels(method).inc()
