"""Many rows into one table with one statement, for tables that are written most.

SQLite takes them row by row from a compiled statement; PostgreSQL takes an array
for each column, because a statement for each row would cost more than the row.
"""

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


def _types(table: Table) -> list[str]:
    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return [column.type.compile(dialect) for column in table.columns]
