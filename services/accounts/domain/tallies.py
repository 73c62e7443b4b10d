"""Counts over an account's whole life, and a few instants worth remembering."""

from collections.abc import Sequence
from struct import Struct
from typing import NamedTuple, Self

from services.accounts.domain.activities import (
    INTERACTIONS,
    WRITINGS,
    Activity,
    ActivityType,
    Attestation,
    ClientKind,
    InputMode,
)
from services.accounts.domain.windows import HOUR_BYTES, merge_hours

KEPT_CHANGES = 6
_TYPES, _KINDS, _INPUTS = 15, 7, 5
_LAYOUT = Struct(
    f">BQQQ{_TYPES}I{_KINDS}I{_KINDS}I{_INPUTS}I"
    f"{KEPT_CHANGES}I{KEPT_CHANGES}II{HOUR_BYTES}s"
)
TALLIES_SIZE = _LAYOUT.size
_HOUR_US = 3_600_000_000
_SECOND_US = 1_000_000
_MAX = 0xFFFFFFFF

# Members of an enum are slow to hash and to find: plain tables and numbers.
_INTERACTS = tuple(number in INTERACTIONS for number in range(_TYPES))
_WRITES = tuple(number in WRITINGS for number in range(_TYPES))
_NOTE, _REGISTER = int(ActivityType.NOTE), int(ActivityType.REGISTER)
_CREDENTIAL_CHANGE = int(ActivityType.CREDENTIAL_CHANGE)
_DEVICE_BIND = int(ActivityType.DEVICE_BIND)


class Tallies(NamedTuple):
    """Counts and instants; times in microseconds from 1970, 0 = never.

    `types` counts by activity type; `posted_by` and `interacted_by` by the
    kind of client that published (0 = not known); `inputs` by input mode of
    writings. `credentials` and `devices` hold the latest changes in seconds.
    `last_person` is when typed input last came from an attested app.
    """

    registered_with: int
    first: int
    last: int
    last_person: int
    types: tuple[int, ...]
    posted_by: tuple[int, ...]
    interacted_by: tuple[int, ...]
    inputs: tuple[int, ...]
    credentials: tuple[int, ...]
    devices: tuple[int, ...]
    newest_hour: int
    hours: bytes

    @classmethod
    def empty(cls) -> Self:
        """Tallies of an account that did nothing yet."""
        return cls.from_bytes(bytes(TALLIES_SIZE))

    @classmethod
    def from_bytes(cls, packed: bytes) -> Self:
        """Read back what `to_bytes` wrote."""
        found = _LAYOUT.unpack(packed)
        return cls(
            found[0],
            found[1],
            found[2],
            found[3],
            found[4:19],
            found[19:26],
            found[26:33],
            found[33:38],
            found[38:44],
            found[44:50],
            found[50],
            found[51],
        )

    def to_bytes(self) -> bytes:
        """Pack into `TALLIES_SIZE` bytes."""
        return _LAYOUT.pack(
            self.registered_with,
            self.first,
            self.last,
            self.last_person,
            *self.types,
            *self.posted_by,
            *self.interacted_by,
            *self.inputs,
            *self.credentials,
            *self.devices,
            self.newest_hour,
            self.hours,
        )

    @property
    def activity_count(self) -> int:
        """Activities ever folded in."""
        return sum(self.types)

    def add(self, activities: Sequence[Activity]) -> "Tallies":
        """Count *activities*."""
        types, inputs = list(self.types), list(self.inputs)
        posted, interacted = list(self.posted_by), list(self.interacted_by)
        registered, person = self.registered_with, self.last_person
        credentials, devices = self.credentials, self.devices
        for activity in activities:
            kind, time_us = activity.type, activity.event_us
            if types[kind] < _MAX:
                types[kind] += 1
            client, source = activity.published_with, activity.composed_with
            if _INTERACTS[kind]:
                interacted[client.kind if client else 0] += 1
            elif kind == _NOTE:
                posted[client.kind if client else 0] += 1
            if source is not None and _WRITES[kind]:
                inputs[source.input] += 1
                if (
                    source.input is InputMode.TYPED
                    and source.attestation is Attestation.PASSED
                ):
                    person = max(person, time_us)
            if kind == _REGISTER and client is not None:
                registered = max(registered, _registration(client.kind))
            elif kind == _CREDENTIAL_CHANGE:
                credentials = _latest(credentials, time_us)
            elif kind == _DEVICE_BIND:
                devices = _latest(devices, time_us)
        times = [activity.event_us for activity in activities]
        hours = {each // _HOUR_US for each in times}
        return Tallies(
            registered,
            min(self.first or times[0], *times),
            max(self.last, *times),
            person,
            tuple(types),
            tuple(posted),
            tuple(interacted),
            tuple(inputs),
            credentials,
            devices,
            *merge_hours(self.newest_hour, self.hours, hours),
        )


REGISTERED_OTHERWISE, REGISTERED_BY_TOOL = 1, 2


def _registration(kind: ClientKind) -> int:
    if kind is ClientKind.HOSTING_TOOL:
        return REGISTERED_BY_TOOL
    known = kind not in (ClientKind.UNSPECIFIED, ClientKind.UNKNOWN)
    return REGISTERED_OTHERWISE if known else 0


def _latest(changes: tuple[int, ...], time_us: int) -> tuple[int, ...]:
    merged = sorted({*changes, time_us // _SECOND_US} - {0})[-KEPT_CHANGES:]
    return (0,) * (KEPT_CHANGES - len(merged)) + tuple(merged)
