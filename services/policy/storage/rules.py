"""What is in force: rulesets and switches, read on one snapshot."""

from datetime import datetime

from sqlalchemy import Connection

from services.policy.rulebook import RuleTexts
from services.policy.storage import breakers, rulesets
from services.policy.storage.store import Store


class StoredRules:
    """Rulesets and breakers in the database of policy."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def texts(self) -> RuleTexts:
        """Return what is in force. A ruleset must be LIVE."""

        def read(connection: Connection) -> RuleTexts:
            live = rulesets.live(connection)
            assert live is not None, "no ruleset is LIVE: begin() makes one so"
            shadows = rulesets.shadows(connection)
            return RuleTexts(
                live=(live.digest, live.yaml),
                shadows=tuple((found.digest, found.yaml) for found in shadows),
                switches=breakers.switches(connection),
            )

        return await self._store.read(read)

    async def text(self, digest: str) -> str | None:
        """Return the YAML of a ruleset, in force or not."""
        found = await self._store.read(lambda c: rulesets.get(c, digest))
        return None if found is None else found.yaml

    async def begin(self, digest: str, yaml: str, now: datetime) -> None:
        """Make a ruleset LIVE where none is."""

        def write(connection: Connection) -> None:
            if rulesets.live(connection) is None:
                rulesets.add(connection, digest, yaml, "shipped", now)
                rulesets.to_live(connection, digest, "", now)

        await self._store.write(write)
