"""Which rules are in force: kept in memory, and read again every moment."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.policy.domain.ruleset import Ruleset
from services.policy.domain.switches import Switches

FRESH_FOR = 1.0  # seconds; a promotion elsewhere counts here after this


@dataclass(frozen=True, slots=True)
class Rules:
    """What to judge by, all of one instant."""

    live: Ruleset
    shadows: tuple[Ruleset, ...]
    switches: Switches


@dataclass(frozen=True, slots=True)
class RuleTexts:
    """The same as it is kept: texts by digest."""

    live: tuple[str, str]
    """Digest and YAML."""
    shadows: tuple[tuple[str, str], ...]
    switches: Switches


class RuleStore(Protocol):
    """Where rulesets and breakers are kept."""

    async def texts(self) -> RuleTexts:
        """Return what is in force."""

    async def text(self, digest: str) -> str | None:
        """Return the YAML of a ruleset, in force or not."""

    async def begin(self, digest: str, yaml: str, now: datetime) -> None:
        """Make a ruleset LIVE where none is."""


class Rulebook:
    """Compiles each ruleset once; *compile_text* raises what is wrong with one."""

    def __init__(
        self, store: RuleStore, compile_text: Callable[[str], Ruleset]
    ) -> None:
        self._store = store
        self._compile = compile_text
        self._compiled: dict[str, Ruleset] = {}
        self._rules: Rules | None = None
        self._until = 0.0

    async def begin(self, yaml: str, now: datetime) -> None:
        """Make *yaml* LIVE where no ruleset is."""
        await self._store.begin(self._compile(yaml).digest, yaml, now)

    async def current(self) -> Rules:
        """Return the rules in force."""
        if self._rules is None or time.monotonic() >= self._until:
            texts = await self._store.texts()
            self._rules = Rules(
                live=self._ruleset(*texts.live),
                shadows=tuple(self._ruleset(*shadow) for shadow in texts.shadows),
                switches=texts.switches,
            )
            self._until = time.monotonic() + FRESH_FOR
        return self._rules

    async def ruleset(self, digest: str) -> Ruleset | None:
        """Return a ruleset, in force or not; None where it was never kept."""
        if digest in self._compiled:
            return self._compiled[digest]
        yaml = await self._store.text(digest)
        return None if yaml is None else self._ruleset(digest, yaml)

    def forget(self) -> None:
        """Read again: this process has just changed something."""
        self._until = 0.0

    def compile(self, yaml: str) -> Ruleset:
        """Return *yaml* compiled; raises what is wrong with it."""
        return self._compile(yaml)

    def _ruleset(self, digest: str, yaml: str) -> Ruleset:
        if digest not in self._compiled:
            self._compiled[digest] = self._compile(yaml)
        return self._compiled[digest]
