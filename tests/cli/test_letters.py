"""Dead letters from the terminal: seen, retried, erased, and all of it audited."""

import asyncio
import json
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from services.accounts.arrivals import ScoreState
from services.accounts.storage.activities import ACTIVITIES, set_score_state
from services.accounts.storage.audit import AUDIT
from services.accounts.storage.texts import TEXTS
from services.runtime.database import Database
from tests.cli.hosted import hosted_suite


def bury(database: Database, count: int) -> list[str]:
    """Make dead letters of some of the texts that were scored."""

    def write(tx: Any) -> list[str]:
        chosen = select(ACTIVITIES.c.account, ACTIVITIES.c.id).where(
            ACTIVITIES.c.score_state == ScoreState.SCORED.value
        )
        keys = [tuple(row) for row in tx.execute(chosen.limit(count))]
        for at, (account, activity) in enumerate(keys):
            row = {
                "account": account,
                "activity": activity,
                "content": activity,
                "text_us": 1,
                "text": b"a text that was refused",
                "due_us": 0,
                "claim": "",
                "attempts": 5,
                "dead": True,
                "attempt_us": at,
                "error": b"",
            }
            tx.execute(insert(TEXTS).values(row))
        set_score_state(tx, keys, ScoreState.DEAD_LETTER.value)
        return [
            f"accounts/{account}/activities/{activity}" for account, activity in keys
        ]

    return database.write_sync(write)


async def waiting(database: Database) -> int:
    """Texts that are still kept, after those that are due were scored."""
    for _ in range(100):
        rows = database.read_sync(lambda tx: tx.execute(select(TEXTS.c.dead)).all())
        if all(dead for (dead,) in rows):
            return len(rows)
        await asyncio.sleep(0.05)
    raise AssertionError("texts still wait")


async def test_dead_letters_are_listed_retried_and_erased(tmp_path: Path) -> None:
    async with hosted_suite(tmp_path) as suite:
        database = Database(f"sqlite:///{tmp_path}/accounts.db", durable=False)
        names = bury(database, 3)
        listed = await suite.run("texts", "list")
        retried = await suite.run("texts", "retry", names[0])
        left = await waiting(database)
        refused = await suite.run("texts", "erase")
        erased = await suite.run("texts", "erase", "--all", "--yes")
        none = await suite.run("texts", "list")
        kept = await waiting(database)
        audited = database.read_sync(
            lambda tx: tx.execute(select(AUDIT.c.action, AUDIT.c.caller)).all()
        )
        database.close()

    shown = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [each["activity"] for each in shown] == names
    assert "refused" not in listed.stdout
    assert json.loads(retried.stdout) == {"asked": 1, "resolved": 1}
    assert left == 2
    assert refused.exit_code == 2
    assert json.loads(erased.stdout) == {"asked": 2, "resolved": 2}
    assert none.stdout == ""
    assert kept == 0
    told = {(action, caller) for action, caller in audited}
    for action in ("ListDeadLetters", "RetryDeadLetters", "EraseDeadLetters"):
        assert (action, "local") in told
