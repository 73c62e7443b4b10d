"""Many rows into or from one table with one statement, for tables used most.

SQLite takes them row by row from a compiled statement; PostgreSQL takes an array
for each column, because a statement for each row would cost more than the row.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import postgresql

Values = tuple[Any, ...]


class BulkInsert:
    """INSERT of rows into *table*, their values in the order of its columns.

    A row whose key is there is left as it is, or, with *replace*, replaced but
    for the columns that *keep* names.
    """

    def __init__(
        self, table: Table, *, replace: bool = False, keep: Sequence[str] = ()
    ) -> None:
        self.columns = tuple(column.name for column in table.columns)
        key = tuple(column.name for column in table.primary_key)
        changing = [name for name in self.columns if name not in (*key, *keep)]
        setting = ", ".join(f"{name} = excluded.{name}" for name in changing)
        conflict = f"({', '.join(key)}) DO UPDATE SET {setting}"
        names = f"{table.name} ({', '.join(self.columns)})"
        on_conflict = f"ON CONFLICT {conflict if replace else 'DO NOTHING'}"
        marks = ", ".join("?" for _ in self.columns)
        # The names are our own; the values are bound.
        self._by_row = f"INSERT INTO {names} VALUES ({marks}) {on_conflict}"  # noqa: S608
        arrays = ", ".join(f"%s::{kind}[]" for kind in _types(table))
        self._by_column = (
            f"INSERT INTO {names} SELECT * FROM unnest({arrays}) {on_conflict}"  # noqa: S608
        )

    def run(self, connection: Connection, rows: Sequence[Values]) -> int:
        """Insert *rows*; return how many were new or replaced."""
        if not rows:
            return 0
        if connection.dialect.name == "sqlite":
            options = {"preserve_rowcount": True}
            return connection.exec_driver_sql(
                self._by_row, list(rows), execution_options=options
            ).rowcount
        columns = tuple(map(list, zip(*rows, strict=True)))
        return connection.exec_driver_sql(self._by_column, columns).rowcount


class BulkCount:
    """Counters of *table*, which has a number as its key and one that counts.

    Moved in order of the keys, each locked until the commit.
    """

    def __init__(self, table: Table) -> None:
        key, count = (column.name for column in table.columns)
        insert = f"INSERT INTO {table.name} ({key}, {count})"
        move = (
            f"ON CONFLICT ({key}) DO UPDATE SET {count} = {table.name}.{count}"
            f" + excluded.{count} RETURNING {key}, {count}"
        )
        parts = "json_extract(value, '$[0]'), json_extract(value, '$[1]')"
        self._sqlite = f"{insert} SELECT {parts} FROM json_each(?) WHERE true {move}"  # noqa: S608
        arrays = ", ".join(f"%s::{kind}[]" for kind in _types(table))
        self._postgres = f"{insert} SELECT * FROM unnest({arrays}) {move}"  # noqa: S608

    def run(
        self, connection: Connection, steps: Sequence[tuple[int, int]]
    ) -> dict[int, int]:
        """Move each counter by its step; return where each stands."""
        if not steps:
            return {}
        if connection.dialect.name == "sqlite":
            moved = connection.exec_driver_sql(self._sqlite, (json.dumps(steps),))
        else:
            columns = tuple(map(list, zip(*steps, strict=True)))
            moved = connection.exec_driver_sql(self._postgres, columns)
        return {row[0]: row[1] for row in moved}


class BulkRead:
    """SELECT of *columns* of *table* by the first column of its key.

    The names go as one value, so that the statement is the same however many
    they are. Rows come as tuples, in the order of *columns*; on SQLite a
    boolean is 0 or 1.
    """

    def __init__(self, table: Table, columns: Sequence[str]) -> None:
        key = next(iter(table.primary_key)).name
        query = f"SELECT {', '.join(columns)} FROM {table.name} WHERE {key}"  # noqa: S608
        self._sqlite = f"{query} IN (SELECT value FROM json_each(?))"  # noqa: S608
        self._postgres = f"{query} = ANY(%s) ORDER BY {key}"

    def run(
        self, connection: Connection, names: Sequence[str], *, lock: bool = False
    ) -> Sequence[Any]:
        """Return the rows of *names*; with *lock*, they are ours until the commit."""
        if not names:
            return []
        if connection.dialect.name == "sqlite":  # whoever writes holds it all
            found = connection.exec_driver_sql(self._sqlite, (json.dumps(names),))
        else:
            query = f"{self._postgres} FOR UPDATE" if lock else self._postgres
            found = connection.exec_driver_sql(query, (list(names),))
        return found.all()


def _types(table: Table) -> list[str]:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return [column.type.compile(dialect) for column in table.columns]
