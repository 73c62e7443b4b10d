"""The tables of accounts. Every one that concerns an account leads with it.

Times are microseconds since 1970 in UTC. Texts, notes and facts are bytes,
because PostgreSQL keeps no NUL in a string. Nothing outside `storage` sees a
row.
"""

from typing import Any

from sqlalchemy import BigInteger, Double, Index, LargeBinary, MetaData, Table
from sqlmodel import Field, SQLModel
from sqlmodel.main import default_registry

REGISTRY = type(default_registry)()


class Row(SQLModel, registry=REGISTRY):
    """Base of accounts' rows; a registry of its own keeps services apart."""


def big(**options: Any) -> Any:
    """Return a 64-bit integer column."""
    return Field(sa_type=BigInteger, **options)


def blob(**options: Any) -> Any:
    """Return a column of bytes."""
    return Field(sa_type=LargeBinary, **options)


def real(**options: Any) -> Any:
    """Return a column of doubles."""
    return Field(sa_type=Double, **options)


class ActivityRow(Row, table=True):
    """One activity without its text: the log that profiles are rebuilt from.

    `facts` is the Activity message without text and title; `revision` the
    profile revision that first contained it.
    """

    __tablename__ = "activities"
    __table_args__ = (Index("activities_by_time", "account", "event_us", "id"),)
    account: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    event_us: int = big()
    record_us: int = big()
    revision: int = big()
    score_state: int
    digest: bytes = blob()
    facts: bytes = blob()
    text_length: int = big()
    fingerprint: bytes | None = blob(default=None, nullable=True)


class ScoreRow(Row, table=True):
    """What one model said about the text of one activity."""

    __tablename__ = "scores"
    account: str = Field(primary_key=True)
    activity: str = Field(primary_key=True)
    model_digest: str = Field(primary_key=True)
    content: str
    text_us: int = big()
    score_us: int = big()
    log_likelihood_ratio: float = real()
    ai_probability: float = real()
    verdict: str
    language: str
    chars_scored: int
    shadow: bool


class AccountModelRow(Row, table=True):
    """Says that scores of a model count in an account's profile."""

    __tablename__ = "account_models"
    __table_args__ = (Index("account_models_by_model", "model_digest", "account"),)
    account: str = Field(primary_key=True)
    model_digest: str = Field(primary_key=True)


class PendingTextRow(Row, table=True):
    """A text that waits for the detector, and nothing once it is scored."""

    __tablename__ = "pending_texts"
    __table_args__ = (
        Index("pending_texts_by_due", "dead", "due_us"),
        Index("pending_texts_by_claim", "claim"),
        Index("pending_texts_by_attempt", "dead", "attempt_us", "account", "activity"),
    )
    account: str = Field(primary_key=True)
    activity: str = Field(primary_key=True)
    content: str
    text_us: int = big()
    text: bytes = blob()
    due_us: int = big()
    """When it may be claimed: a lease and a pause are both a later time."""
    claim: str
    """Who claimed it; the one who did writes the outcome."""
    attempts: int
    dead: bool
    attempt_us: int = big()
    error: bytes = blob()


class ProfileRow(Row, table=True):
    """The fold of an account's log, and its place in the change feed."""

    __tablename__ = "profiles"
    __table_args__ = (
        Index("profiles_by_change", "partition", "change_sequence", unique=True),
    )
    account: str = Field(primary_key=True)
    partition: int
    revision: int = big()
    change_sequence: int = big()
    urgent_sequence: int = big()
    """The latest change that brought hard evidence; 0 = none did."""
    change_us: int = big()
    erased: bool
    state: bytes = blob()


class PartitionRow(Row, table=True):
    """How far a partition of the feed has come. Locked by whoever adds to it."""

    __tablename__ = "partitions"
    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sequence: int = big()


class LogEpochRow(Row, table=True):
    """Names this log; a restored database is given another name."""

    __tablename__ = "log_epoch"
    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    epoch: str


class AccountRow(Row, table=True):
    """What the platform told about an account."""

    __tablename__ = "accounts"
    account: str = Field(primary_key=True)
    kind: int
    create_us: int | None = big(default=None, nullable=True)
    follower_count: int | None = big(default=None, nullable=True)
    time_zone: str
    language: str
    protected: bool
    presence_us: int | None = big(default=None, nullable=True)
    first_seen_us: int = big()
    update_us: int = big()


class ReportRow(Row, table=True):
    """One user's report. `contents` is a JSON list of ids."""

    __tablename__ = "reports"
    __table_args__ = (
        Index("reports_by_id", "id", unique=True),
        Index("reports_by_time", "create_us", "id"),
        Index("reports_by_reporter", "reporter", "create_us"),
        Index("reports_by_change", "change_sequence", unique=True),
    )
    target: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    contents: bytes = blob()
    category: int
    reporter: str
    note: bytes = blob()
    state: int
    notice: int
    merged_into: str
    finding: int
    """A moderator's final word: 0 none, 1 founded, 2 unfounded."""
    weight: float = real()
    create_us: int = big()
    update_us: int = big()
    change_sequence: int = big()


class ReporterRow(Row, table=True):
    """A reporter's record."""

    __tablename__ = "reporters"
    reporter: str = Field(primary_key=True)
    report_count: int
    confirmed_count: int
    unfounded_count: int
    mute_us: int | None = big(default=None, nullable=True)


class RequestRow(Row, table=True):
    """The first answer to a request id."""

    __tablename__ = "requests"
    method: str = Field(primary_key=True)
    request_id: str = Field(primary_key=True)
    request_hash: str
    response: bytes = blob()
    create_us: int = big()


class AnnotationRow(Row, table=True):
    """What was found to be true about an account."""

    __tablename__ = "annotations"
    account: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    truth: int
    source: str
    decision: str
    since_us: int | None = big(default=None, nullable=True)
    create_us: int = big()


class QuarantineRow(Row, table=True):
    """A model whose scores count for nothing."""

    __tablename__ = "quarantined_models"
    model_digest: str = Field(primary_key=True)
    reason: bytes = blob()
    create_us: int = big()


class AuditRow(Row, table=True):
    """Who did or read what. Holds no text and survives an erasure."""

    __tablename__ = "audit"
    id: str = Field(primary_key=True)
    audit_us: int = big(index=True)
    caller: str
    action: str
    subject: str
    detail: bytes = blob()


METADATA: MetaData = REGISTRY.metadata


def table(row: type[Row]) -> Table:
    """Return the table behind *row*: rows in bulk never become objects."""
    return METADATA.tables[str(row.__tablename__)]
