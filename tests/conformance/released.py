"""Schemas as released: `python -m tests.conformance.released 0.1.0` writes one.

Run it when a version is tagged; what it wrote is never changed. Made from the
migrations of that version, on each database that it runs on.
"""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, Engine, MetaData, create_engine, make_url, text
from sqlalchemy.schema import CreateIndex, CreateTable

from services.runtime import migrate
from tests import postgres

FOLDER = Path(__file__).parent / "released"
PACKAGES = {"accounts": "services.accounts", "policy": "services.policy"}


@dataclass(frozen=True)
class Released:
    """The schema of one service in one version on one database."""

    version: str
    service: str
    dialect: str

    @property
    def file(self) -> Path:
        return FOLDER / self.version / f"{self.service}.{self.dialect}.sql"

    def create(self, connection: Connection) -> None:
        """Make it in an empty database."""
        for statement in self.file.read_text("utf8").split(";\n"):
            if statement.strip():
                connection.execute(text(statement))


def released() -> Iterator[Released]:
    """Every schema that was released."""
    for file in sorted(FOLDER.rglob("*.sql")):
        service, dialect = file.stem.split(".")
        yield Released(file.parent.name, service, dialect)


def engine_of(url: str) -> Engine:
    """A plain engine: fixtures need none of the product's settings."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    return create_engine(address)


def statements(url: str, service: str) -> str:
    """The schema of *service* as its migrations make it at *url*."""
    migrate.upgrade(url, PACKAGES[service])
    engine = engine_of(url)
    metadata = MetaData()
    metadata.reflect(engine)
    version = f"{service}_version"
    parts = []
    for table in metadata.sorted_tables:
        parts.append(str(CreateTable(table).compile(engine)).strip())
        parts += [
            str(CreateIndex(index).compile(engine)).strip()
            for index in sorted(table.indexes, key=lambda one: str(one.name))
        ]
    with engine.begin() as connection:
        [at] = connection.execute(text(f"SELECT version_num FROM {version}")).scalars()
    engine.dispose()
    parts.append(f"INSERT INTO {version} (version_num) VALUES ('{at}')")
    lines = "".join(f"{part};\n" for part in parts).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def main(version: str) -> None:
    """Write the schemas of *version*."""
    (FOLDER / version).mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, postgres.running() as socket:
        for service in PACKAGES:
            lite = f"sqlite:///{folder}/{service}.db"
            name = f"made_{uuid4().hex}"
            server = f"host={socket} user=postgres dbname=postgres"
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
            large = f"postgresql://postgres@/{name}?host={socket}"
            for dialect, url in (("sqlite", lite), ("postgresql", large)):
                file = Released(version, service, dialect).file
                file.write_text(statements(url, service), "utf8")


if __name__ == "__main__":
    main(sys.argv[1])
