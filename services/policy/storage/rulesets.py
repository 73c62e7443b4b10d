"""Rulesets by digest. Their text never changes; their stage does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Row, select, update

from services.policy.domain.times import from_us, to_us
from services.policy.storage.counters import RULESETS as RULESET_COUNTER
from services.policy.storage.counters import count_up
from services.policy.storage.rows import RulesetRow, table
from services.runtime.database import insert_ignore

RULESETS = table(RulesetRow)


class RulesetStage(StrEnum):
    """What a ruleset is used for."""

    DRAFT = "DRAFT"
    SHADOW = "SHADOW"
    LIVE = "LIVE"
    RETIRED = "RETIRED"


@dataclass(frozen=True, slots=True)
class StoredRuleset:
    """A ruleset as it is kept."""

    digest: str
    yaml: str
    stage: RulesetStage
    author: str
    approver: str
    proposer: str
    """Who asked first for LIVE, while a second person has not."""
    create_time: datetime
    update_time: datetime


def add(
    connection: Connection, digest: str, yaml: str, author: str, now: datetime
) -> None:
    """Keep a ruleset as DRAFT; the same one again changes nothing."""
    row = {
        "digest": digest,
        "yaml": yaml,
        "stage": RulesetStage.DRAFT,
        "author": author,
        "approver": "",
        "proposer": "",
        "create_us": to_us(now),
        "update_us": to_us(now),
        "live_sequence": 0,
    }
    insert_ignore(connection, RULESETS, [row])


def get(connection: Connection, digest: str) -> StoredRuleset | None:
    """Return a ruleset, or None."""
    found = select(RULESETS).where(RULESETS.c.digest == digest)
    row = connection.execute(found).one_or_none()
    return None if row is None else _from_row(row)


def live(connection: Connection) -> StoredRuleset | None:
    """Return the ruleset that is LIVE, or None before the first."""
    found = (
        select(RULESETS)
        .where(RULESETS.c.stage == RulesetStage.LIVE)
        .order_by(RULESETS.c.live_sequence.desc())
    )
    row = connection.execute(found).first()
    return None if row is None else _from_row(row)


def shadows(connection: Connection) -> list[StoredRuleset]:
    """Return the rulesets that are judged beside the live one, oldest first."""
    found = (
        select(RULESETS)
        .where(RULESETS.c.stage == RulesetStage.SHADOW)
        .order_by(RULESETS.c.create_us, RULESETS.c.digest)
    )
    return [_from_row(row) for row in connection.execute(found)]


def former(connection: Connection) -> StoredRuleset | None:
    """Return the ruleset that was LIVE last before the present one, or None."""
    found = (
        select(RULESETS)
        .where(RULESETS.c.stage == RulesetStage.RETIRED)
        .order_by(RULESETS.c.live_sequence.desc())
    )
    row = connection.execute(found).first()
    return None if row is None else _from_row(row)


def page(
    connection: Connection, before: tuple[int, str] | None, limit: int
) -> Sequence[StoredRuleset]:
    """Return up to *limit* rulesets, newest first, older than *before*."""
    found = select(RULESETS).order_by(
        RULESETS.c.create_us.desc(), RULESETS.c.digest.desc()
    )
    if before is not None:
        us, digest = before
        older = RULESETS.c.create_us < us
        same = (RULESETS.c.create_us == us) & (RULESETS.c.digest < digest)
        found = found.where(older | same)
    return [_from_row(row) for row in connection.execute(found.limit(limit))]


def place_of(stored: StoredRuleset) -> tuple[int, str]:
    """Return where `page` goes on after *stored*."""
    return to_us(stored.create_time), stored.digest


def propose(connection: Connection, digest: str, identity: str, now: datetime) -> None:
    """Note that *identity* asks for LIVE; a second person has to agree."""
    _set(connection, digest, now, proposer=identity)


def to_shadow(connection: Connection, digest: str, now: datetime) -> None:
    """Have it judged beside the live one."""
    _set(connection, digest, now, stage=RulesetStage.SHADOW)


def to_live(connection: Connection, digest: str, approver: str, now: datetime) -> None:
    """Make it the one whose word counts; the one before is RETIRED."""
    retired = {"stage": RulesetStage.RETIRED, "update_us": to_us(now)}
    before = RULESETS.c.stage == RulesetStage.LIVE
    connection.execute(update(RULESETS).where(before).values(retired))
    _set(
        connection,
        digest,
        now,
        stage=RulesetStage.LIVE,
        approver=approver,
        proposer="",
        live_sequence=count_up(connection, RULESET_COUNTER),
    )


def _set(connection: Connection, digest: str, now: datetime, **values: object) -> None:
    values["update_us"] = to_us(now)
    changed = update(RULESETS).where(RULESETS.c.digest == digest)
    connection.execute(changed.values(values))


def _from_row(row: "Row[tuple[object, ...]]") -> StoredRuleset:
    return StoredRuleset(
        digest=row.digest,
        yaml=row.yaml,
        stage=RulesetStage(row.stage),
        author=row.author,
        approver=row.approver,
        proposer=row.proposer,
        create_time=from_us(row.create_us),
        update_time=from_us(row.update_us),
    )
