"""The change feed: per partition, each change has the next number.

Whoever adds to a partition holds its counter until the commit, so numbers
become visible in order and a follower that saw one has seen all before it.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import Connection, select, update

from services.accounts.storage.rows import (
    LogEpochRow,
    PartitionRow,
    ProfileRow,
    table,
)
from services.runtime.bulk import BulkCount
from services.runtime.database import insert_ignore

PARTITIONS = 64
REPORTS = PARTITIONS
"""The counter of the feed of reports stands beside those of the partitions."""

COUNTERS = table(PartitionRow)
PROFILES = table(ProfileRow)
EPOCH = table(LogEpochRow)
MOVE = BulkCount(COUNTERS)


@dataclass(frozen=True, slots=True)
class Change:
    """An account whose profile changed, at its latest revision."""

    account: str
    partition: int
    sequence: int
    revision: int
    change_us: int
    urgent_sequence: int
    erased: bool


def partition_of(account: str) -> int:
    """Return the partition of an account id."""
    return sha256(account.encode()).digest()[0] % PARTITIONS


def take_numbers(connection: Connection, partitions: Sequence[int]) -> list[int]:
    """Return the next number for each of *partitions*, in order."""
    wanted = Counter(partitions)
    moved = MOVE.run(connection, sorted(wanted.items()))
    following = {partition: moved[partition] - wanted[partition] for partition in moved}
    numbers = []
    for partition in partitions:
        following[partition] += 1
        numbers.append(following[partition])
    return numbers


def sequences(connection: Connection, partitions: Collection[int]) -> dict[int, int]:
    """Return how far each of *partitions* has come; 0 where nothing happened."""
    held = select(COUNTERS.c.partition, COUNTERS.c.sequence).where(
        COUNTERS.c.partition.in_(sorted(partitions))
    )
    found = {row.partition: row.sequence for row in connection.execute(held)}
    return dict.fromkeys(partitions, 0) | found


def changes_after(
    connection: Connection, seen: Mapping[int, int], limit: int
) -> list[Change]:
    """Return changes later than *seen*, by partition and number."""
    found: list[Change] = []
    for partition, sequence in sorted(seen.items()):
        rows = connection.execute(
            select(
                PROFILES.c.account,
                PROFILES.c.partition,
                PROFILES.c.change_sequence,
                PROFILES.c.revision,
                PROFILES.c.change_us,
                PROFILES.c.urgent_sequence,
                PROFILES.c.erased,
            )
            .where(
                PROFILES.c.partition == partition,
                PROFILES.c.change_sequence > sequence,
            )
            .order_by(PROFILES.c.change_sequence)
            .limit(limit - len(found))
        )
        found.extend(Change(*row) for row in rows)
        if len(found) == limit:
            break
    return found


def news(connection: Connection, seen: Mapping[int, int], limit: int) -> list[Change]:
    """Return changes later than *seen*, looking only where there are any."""
    reached = sequences(connection, seen)
    behind = {p: sequence for p, sequence in seen.items() if reached[p] > sequence}
    return changes_after(connection, behind, limit)


def log_epoch(connection: Connection) -> str:
    """Return the name of this log; empty before `name_log`."""
    return connection.execute(select(EPOCH.c.epoch)).scalar() or ""


def name_log(connection: Connection, epoch: str) -> None:
    """Give the log its name, unless it has one."""
    insert_ignore(connection, EPOCH, [{"id": 1, "epoch": epoch}])


def rename_log(connection: Connection, epoch: str) -> None:
    """Give a restored log another name: cursors of the old one are refused."""
    name_log(connection, epoch)
    connection.execute(update(EPOCH).values(epoch=epoch))
