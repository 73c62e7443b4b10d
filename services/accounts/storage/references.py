"""What profiles take from other accounts, by version: published whole."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select

from services.accounts.domain.evidence import Cohorts, Coordination
from services.accounts.storage.rows import table
from services.accounts.storage.rows_apart import FindingRow, ReferenceRow
from services.runtime.database import insert

FINDINGS = table(FindingRow)
VERSIONS = table(ReferenceRow)
CHUNK = 500
ALONE = Cohorts()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one search found about an account."""

    coordination: Coordination | None = None
    cohorts: Cohorts = ALONE


NOTHING = Finding()


@dataclass(frozen=True, slots=True)
class Attached:
    """A version, and what it says of some accounts; those it leaves out act alone."""

    version_us: int
    findings: Mapping[str, Finding]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the references, with what the search saw."""

    version_us: int
    population: bytes
    account_count: int
    act_count: int
    edge_count: int
    null_edge_count: float
    cluster_count: int


def latest(connection: Connection, until_us: int | None = None) -> int:
    """Return the latest version, up to and with *until_us*; 0 = there is none."""
    query = select(func.max(VERSIONS.c.version_us))
    if until_us is not None:
        query = query.where(VERSIONS.c.version_us <= until_us)
    return connection.execute(query).scalar() or 0


def attached(
    connection: Connection, names: Collection[str], until_us: int | None = None
) -> Attached:
    """Return what the latest version says of *names*; 0 and nothing without one."""
    found = latest(connection, until_us)
    return Attached(found, findings(connection, names, found) if found else {})


def findings(
    connection: Connection, names: Collection[str], version_us: int
) -> dict[str, Finding]:
    """Return what stands of *names* in a version."""
    found: dict[str, Finding] = {}
    ordered = sorted(names)
    for start in range(0, len(ordered), CHUNK):
        chosen = and_(
            FINDINGS.c.account.in_(ordered[start : start + CHUNK]),
            FINDINGS.c.version_us <= version_us,
        )
        # Later versions come later and stand.
        query = select(FINDINGS).where(chosen).order_by(FINDINGS.c.version_us)
        for row in connection.execute(query):
            found[row.account] = _read(row)
    return found


def clusters(
    connection: Connection, names: Collection[str], until_us: int | None = None
) -> dict[str, str]:
    """Return the coordinated cluster of those of *names* that are in one."""
    if not names:
        return {}
    found = attached(connection, names, until_us).findings
    return {
        name: each.coordination.cluster
        for name, each in found.items()
        if each.coordination and each.coordination.cluster
    }


def standing(
    connection: Connection, after: str, limit: int
) -> list[tuple[str, Finding]]:
    """Return up to *limit* accounts with findings, later than *after*, and the last."""
    names = select(FINDINGS.c.account).where(FINDINGS.c.account > after).distinct()
    page = list(connection.scalars(names.order_by(FINDINGS.c.account).limit(limit)))
    found = findings(connection, page, latest(connection))
    return [(name, found.get(name, NOTHING)) for name in page]


def add(connection: Connection, version_us: int, found: Mapping[str, Finding]) -> None:
    """Add findings of a version that is not published yet."""
    rows = [
        {"account": name, "version_us": version_us, **_row(finding)}
        for name, finding in sorted(found.items())
    ]
    if rows:
        statement = insert(connection, FINDINGS).on_conflict_do_nothing()
        connection.execute(statement, rows)


def publish(connection: Connection, version: Version) -> None:
    """Let profiles take what was found from now on."""
    row = {name: getattr(version, name) for name in Version.__slots__}
    connection.execute(insert(connection, VERSIONS).values(row))


def drop_unpublished(connection: Connection) -> None:
    """Forget findings of a search that did not come to its end."""
    gone = delete(FINDINGS).where(FINDINGS.c.version_us > latest(connection))
    connection.execute(gone)


def version(connection: Connection, version_us: int) -> Version | None:
    """Return a version of the references."""
    columns = [VERSIONS.c[name] for name in Version.__slots__]
    query = select(*columns).where(VERSIONS.c.version_us == version_us)
    row = connection.execute(query).one_or_none()
    return None if row is None else Version(*row)


def found_since(
    connection: Connection, since_us: int, after: str, limit: int
) -> Sequence[str]:
    """Return accounts with findings later than a version, by name."""
    query = (
        select(FINDINGS.c.account)
        .where(FINDINGS.c.version_us > since_us, FINDINGS.c.account > after)
        .distinct()
        .order_by(FINDINGS.c.account)
    )
    return list(connection.scalars(query.limit(limit)))


def _row(finding: Finding) -> dict[str, object]:
    acting = finding.coordination or Coordination("", 0, 0, 0, 1.0)
    return {
        "cluster": acting.cluster,
        "cluster_size": acting.cluster_size,
        "matched_count": acting.matched_count,
        "partner_count": acting.partner_count,
        "event_count": acting.event_count,
        "p_value": acting.p_value,
        "leads": acting.leads,
        "device_cohort": finding.cohorts.devices,
        "network_cohort": finding.cohorts.networks,
    }


def _read(row: Row[Any]) -> Finding:
    acting = Coordination(
        row.cluster,
        row.matched_count,
        row.partner_count,
        row.event_count,
        row.p_value,
        row.leads,
        row.cluster_size,
    )
    cohorts = Cohorts(row.device_cohort, row.network_cohort)
    return Finding(acting if acting.partner_count else None, cohorts)
