"""The tables of policy. Every one that concerns an account leads with it.

Times are microseconds since 1970 in UTC, bodies are canonical JSON: both read back
the same on every database. Nothing outside `storage` sees a row.
"""

from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, Table, Text
from sqlmodel import Field, SQLModel
from sqlmodel.main import default_registry

REGISTRY = type(default_registry)()


class Row(SQLModel, registry=REGISTRY):
    """Base of policy's rows; a registry of its own keeps services apart."""


def big(**options: Any) -> Any:
    """Return a 64-bit integer column."""
    return Field(sa_type=BigInteger, **options)


class LogRow(Row, table=True):
    """One event of an account's history; hashes chain the entries."""

    __tablename__ = "decision_log"
    account: str = Field(primary_key=True)
    sequence: int = big(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str
    event_us: int = big()
    body: str = Field(sa_type=Text)
    entry_hash: str


class DecisionRow(Row, table=True):
    """A decision with the evidence it froze. Never changed, but for its number."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("decisions_by_time", "decide_us", "account", "id"),
        Index("decisions_by_account_time", "account", "sequence"),
        Index("decisions_by_outbox", "outbox_sequence", "decide_us", "account", "id"),
    )
    account: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    sequence: int = big()
    decide_us: int = big()
    tier: int
    ruleset_digest: str
    decider: str
    identity: str
    entry_hash: str
    body: str = Field(sa_type=Text)
    evidence: str = Field(sa_type=Text)
    switches: str = Field(sa_type=Text)
    outbox_sequence: int | None = big(default=None, nullable=True)
    """Given by whoever publishes it; none before."""


class StandingRow(Row, table=True):
    """How an account stands: the fold of its log, in one read."""

    __tablename__ = "standings"
    __table_args__ = (
        Index("standings_by_change", "change_sequence", unique=True),
        Index("standings_by_tier", "tier", "account"),
        Index("standings_by_due", "due_us"),
    )
    account: str = Field(primary_key=True)
    revision: int = big()
    change_sequence: int = big()
    tier: int
    interaction_tier: int
    due_us: int | None = big(default=None, nullable=True)
    head_sequence: int = big()
    head_hash: str
    update_us: int = big()
    state: str = Field(sa_type=Text)


class NoticeRow(Row, table=True):
    """A notice to an account's owner; the key makes it exactly one."""

    __tablename__ = "notices"
    __table_args__ = (
        Index("notices_by_key", "account", "key", unique=True),
        Index("notices_by_outbox", "outbox_sequence", unique=True),
    )
    account: str = Field(primary_key=True)
    sequence: int = big(primary_key=True, sa_column_kwargs={"autoincrement": False})
    key: str
    decision: str
    outbox_sequence: int = big()
    create_us: int = big()
    hand_over_us: int | None = big(default=None, nullable=True)
    acknowledge_us: int | None = big(default=None, nullable=True)
    body: str = Field(sa_type=Text)


class CaseRow(Row, table=True):
    """Work for a person. `open_key` is unique among cases that are not resolved."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("cases_by_open_key", "open_key", unique=True),
        Index("cases_by_urgency", "state", "due_us", "id"),
    )
    id: str = Field(primary_key=True)
    kind: str
    state: str
    open_key: str | None = Field(default=None, nullable=True)
    due_us: int = big()
    version: int = big()
    body: str = Field(sa_type=Text)


class AppealRow(Row, table=True):
    """An appeal against a decision."""

    __tablename__ = "appeals"
    __table_args__ = (Index("appeals_by_urgency", "state", "due_us", "account", "id"),)
    account: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    decision: str
    state: str
    due_us: int = big()
    version: int = big()
    body: str = Field(sa_type=Text)


class RulesetRow(Row, table=True):
    """A ruleset by the digest of its canonical form; only its stage changes."""

    __tablename__ = "rulesets"
    digest: str = Field(primary_key=True)
    yaml: str = Field(sa_type=Text)
    stage: str
    author: str
    approver: str
    proposer: str
    create_us: int = big()
    update_us: int = big()
    live_sequence: int = big()
    """Grows each time a ruleset becomes LIVE; the largest one is LIVE now."""


class BreakerRow(Row, table=True):
    """Something that holds back what it guards while it is open."""

    __tablename__ = "breakers"
    name: str = Field(primary_key=True)
    is_open: bool
    reason: str = Field(sa_type=Text)
    identity: str
    update_us: int = big()


class CursorRow(Row, table=True):
    """How far a follower is, and who follows now; `token` fences off the former."""

    __tablename__ = "cursors"
    name: str = Field(primary_key=True)
    cursor: str = Field(sa_type=Text)
    owner: str
    token: int = big()
    lease_us: int = big()


class RequestRow(Row, table=True):
    """The first answer to a request id, kept for good."""

    __tablename__ = "request_ids"
    method: str = Field(primary_key=True)
    request_id: str = Field(primary_key=True)
    request_hash: str
    response: bytes = Field(sa_type=LargeBinary)
    create_us: int = big()


class AuditRow(Row, table=True):
    """What a person looked at or did."""

    __tablename__ = "audit"
    id: str = Field(primary_key=True)
    audit_us: int = big(index=True)
    identity: str
    action: str
    subject: str
    detail: str = Field(sa_type=Text)


class MeasureRow(Row, table=True):
    """What applies to one piece of content."""

    __tablename__ = "content_measures"
    account: str = Field(primary_key=True)
    content: str = Field(primary_key=True)
    label: str
    recommended: bool
    decision: str


class PostRow(Row, table=True):
    """A post that counts against the daily allowance until `reset_us`."""

    __tablename__ = "posts"
    account: str = Field(primary_key=True)
    reset_us: int = big(primary_key=True, sa_column_kwargs={"autoincrement": False})
    activity: str = Field(primary_key=True)


class AnnotationRow(Row, table=True):
    """What accounts is still to be told about an account."""

    __tablename__ = "annotations"
    account: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    body: str = Field(sa_type=Text)


class FiringRow(Row, table=True):
    """How often a rule decided in an hour, towards its budget."""

    __tablename__ = "firings"
    rule: str = Field(primary_key=True)
    hour_us: int = big(primary_key=True, sa_column_kwargs={"autoincrement": False})
    count: int = big()


class ShadowRow(Row, table=True):
    """How often a ruleset in SHADOW was asked beside the live one."""

    __tablename__ = "shadows"
    digest: str = Field(primary_key=True)
    judged: int = big()


class ShadowFlipRow(Row, table=True):
    """Where a ruleset in SHADOW would have imposed something else."""

    __tablename__ = "shadow_flips"
    __table_args__ = (Index("shadow_flips_by_digest", "digest"),)
    account: str = Field(primary_key=True)
    digest: str = Field(primary_key=True)
    profile_revision: int = big(
        primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    live_tier: int
    shadow_tier: int
    live_interaction: int
    shadow_interaction: int
    flip_us: int = big()


class IdentityKeyRow(Row, table=True):
    """A device or network key of an account that was sanctioned: a keyed hash."""

    __tablename__ = "identity_keys"
    __table_args__ = (Index("identity_keys_by_key", "key"),)
    account: str = Field(primary_key=True)
    key: str = Field(primary_key=True)


class CounterRow(Row, table=True):
    """A number that grows by one a change, so that feeds have no gaps."""

    __tablename__ = "counters"
    name: str = Field(primary_key=True)
    value: int = big()


class EpochRow(Row, table=True):
    """Names this log; a restored one gets another name."""

    __tablename__ = "epochs"
    name: str = Field(primary_key=True)
    epoch: str


METADATA: MetaData = REGISTRY.metadata


def table(row: type[Row]) -> Table:
    """Return the table behind *row*."""
    return METADATA.tables[str(row.__tablename__)]
