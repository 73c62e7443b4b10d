"""What is replaced while the process runs: keys and database passwords."""

from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from sqlalchemy import text

from services.runtime.database import Database
from services.runtime.errors import DependencyUnavailable, PageTokenInvalid
from services.runtime.keys import key_id, token_counter
from services.runtime.paging import Tokens
from services.runtime.settings import DatabaseSettings, RuntimeSettings, SettingsError

OLD, NEW = b"old", b"new"


def test_a_rotation_in_three_steps_opens_every_token() -> None:
    steps = [Tokens(OLD), Tokens(OLD, NEW), Tokens(NEW, OLD), Tokens(NEW)]

    for before, after in pairwise(steps):
        for sealer, opener in ((before, after), (after, before)):
            assert opener.open(b"q", sealer.seal(b"q", [1])) == (1,)


def test_a_key_that_is_gone_opens_nothing() -> None:
    with pytest.raises(PageTokenInvalid):
        Tokens(NEW).open(b"q", Tokens(OLD).seal(b"q", [1]))


def test_the_count_of_a_key_tells_whether_it_is_still_needed() -> None:
    registry = CollectorRegistry()
    tokens = Tokens(NEW, OLD, opened=token_counter(registry))

    tokens.open(b"q", Tokens(OLD).seal(b"q", [1]))

    count = registry.get_sample_value
    assert count("tokens_opened_total", {"key": key_id(OLD)}) == 1
    assert count("tokens_opened_total", {"key": key_id(NEW)}) is None


def test_the_other_key_comes_second(tmp_path: Path) -> None:
    settings = RuntimeSettings(
        data_dir=tmp_path,
        token_key=SecretStr("a" * 16),
        token_key_other=SecretStr("b" * 16),
    )

    assert settings.seal_keys() == (b"a" * 16, b"b" * 16)


def test_a_url_and_a_file_of_it_are_one_too_many(tmp_path: Path) -> None:
    settings = DatabaseSettings(database_url="x", database_url_file=tmp_path / "url")

    with pytest.raises(SettingsError, match="give one of them"):
        settings.url_or("")


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:hush@host/name"])
def test_a_url_of_no_database_of_ours_is_named_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="TRUEPEN_DATABASE_URL: must") as caught:
        DatabaseSettings(database_url=url).url_or("")

    assert "hush" not in str(caught.value)


def test_a_url_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TRUEPEN_DATABASE_URL_FILE"):
        DatabaseSettings(database_url_file=tmp_path / "url").url_or("")


def ask_for_a_password(socket: Path, database: str, user: str, password: str) -> None:
    """Make *user*, whom the server lets in by password alone."""
    rules = socket / "data" / "pg_hba.conf"
    rule = f"local {database} {user} scram-sha-256\n"
    rules.write_text(rule + rules.read_text("utf-8"), "utf-8")
    server = f"host={socket} user=postgres dbname={database}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'".encode())
        connection.execute("SELECT pg_reload_conf()")


def change_password(socket: Path, user: str, password: str) -> None:
    server = f"host={socket} user=postgres dbname=postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {user} PASSWORD '{password}'".encode())
        connection.execute(  # as a failover would, or an operator
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s",
            [user],
        )


async def test_a_changed_password_is_read_for_new_connections(
    tmp_path: Path, postgres_socket: Path, postgres_url: str
) -> None:
    name = postgres_url.partition("@/")[2].partition("?")[0]
    user, file = f"u_{name}", tmp_path / "url"
    ask_for_a_password(postgres_socket, name, user, "first")
    url = f"postgresql://{user}:{{}}@/{name}?host={postgres_socket}"
    file.write_text(url.format("first") + "\n", "utf-8")
    settings = DatabaseSettings(database_url_file=file)
    database = Database(
        settings.url_or(""), threads=1, renew=lambda: settings.url_or("")
    )

    async def one() -> int:
        return await database.read(lambda tx: int(tx.scalar(text("SELECT 1")) or 0))

    try:
        assert await one() == 1
        change_password(postgres_socket, user, "second")
        with pytest.raises(DependencyUnavailable):
            await one()
        file.unlink()  # between two versions there may be none
        with pytest.raises(DependencyUnavailable):
            await one()
        file.write_text(url.format("second"), "utf-8")
        assert await one() == 1
    finally:
        database.close()
