"""The tables of what is found over all accounts, and of what was let go.

Apart from the log and its fold: all but `bases` can be made anew.
"""

from sqlmodel import Field

from services.accounts.storage.rows import Row, big, blob, real


class FindingRow(Row, table=True):
    """What one search found about an account; it stands until the next row."""

    __tablename__ = "findings"
    account: str = Field(primary_key=True)
    version_us: int = big(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """The reference version that brought it."""
    cluster: str
    cluster_size: int
    matched_count: int
    partner_count: int
    event_count: int
    p_value: float = real()
    leads: bool
    device_cohort: int
    network_cohort: int


class ReferenceRow(Row, table=True):
    """One version of what profiles take from other accounts."""

    __tablename__ = "reference_versions"
    version_us: int = big(primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: bytes = blob()
    """Sketches of every signal, merged."""
    account_count: int = big()
    act_count: int = big()
    edge_count: int = big()
    null_edge_count: float = real()
    cluster_count: int = big()


class SketchRow(Row, table=True):
    """Sketches of the signals of one partition's accounts."""

    __tablename__ = "signal_sketches"
    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    build_us: int = big()
    population: bytes = blob()


class JobRow(Row, table=True):
    """A piece of periodic work, which one replica at a time does."""

    __tablename__ = "jobs"
    name: str = Field(primary_key=True)
    token: int = big()
    """Grows each time it is taken, and fences off whoever had it before."""
    lease_us: int = big()
    done_us: int = big()
    cursor: int = big()
    """How far it came, in terms of its own."""


class BaseRow(Row, table=True):
    """What the activities add up to that retention let go."""

    __tablename__ = "bases"
    account: str = Field(primary_key=True)
    until_us: int = big()
    """The latest event time among them."""
    activity_count: int = big()
    state: bytes = blob()
