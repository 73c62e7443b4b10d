"""Clocks, ids, page tokens, settings, logs."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from services.runtime.clock import CALLER_TIME, CallerClock, SystemClock
from services.runtime.errors import InvalidField, PageTokenInvalid
from services.runtime.ids import check_id, check_name, check_uuid, content_id, random_id
from services.runtime.logs import configure_logs
from services.runtime.paging import Tokens, page_size, query_of
from services.runtime.settings import (
    RuntimeSettings,
    Settings,
    SettingsError,
    key_file,
    load,
)
from services.runtime.tls import server_credentials
from tests.clock import FakeClock

START = datetime(2026, 3, 10, tzinfo=UTC)


class ReaderSettings(Settings):
    """Settings of one service."""

    model_config = SettingsConfigDict(env_prefix="TRUEPEN_READER_")
    database_url: str = "sqlite:///var/reader.db"
    batch: int = Field(default=64, ge=1)


def test_a_fake_clock_stands_still_until_moved() -> None:
    clock = FakeClock(START)
    clock.advance(timedelta(hours=1))

    assert clock.now() == clock.now() == START + timedelta(hours=1)
    clock.set(START)
    assert clock.now() == START


def test_the_system_clock_is_aware() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


@given(st.lists(st.none() | st.integers(0, 10**6)))
def test_the_callers_clock_never_goes_backwards(said: list[int | None]) -> None:
    clock = CallerClock(START)
    times = []
    for seconds in said:
        moment = None if seconds is None else START + timedelta(seconds=seconds)
        token = CALLER_TIME.set(moment)
        times.append(clock.now())
        CALLER_TIME.reset(token)

    assert times == sorted(times)


@given(st.lists(st.text()), st.lists(st.text()))
def test_content_ids_differ_where_contents_do(a: list[str], b: list[str]) -> None:
    clean = [[p.encode("utf-8", "replace") for p in parts] for parts in (a, b)]

    same = content_id(*clean[0]) == content_id(*clean[1])

    assert same is (clean[0] == clean[1])


@pytest.mark.parametrize("value", ["", "a" * 129, "a/b", "a\nb", "a\x00", "\u202e"])
def test_ids_are_short_printable_and_without_slash(value: str) -> None:
    with pytest.raises(InvalidField):
        check_id("account_id", value)


def test_ids_may_be_in_any_script() -> None:
    assert check_id("account_id", "小红书-a.1") == "小红书-a.1"


def test_names_are_taken_apart_by_their_collections() -> None:
    assert check_name("name", "shelves/s/books/b", "shelves", "books") == ("s", "b")
    for wrong in ("shelves/s", "books/b/shelves/s", "shelves//books/b", "", "/"):
        with pytest.raises(InvalidField):
            check_name("name", wrong, "shelves", "books")


def test_a_name_may_end_in_what_its_parent_has_one_of() -> None:
    assert check_name("name", "shelves/s/label", "shelves", only="label") == ("s",)
    for wrong in (
        "shelves/s",
        "shelves/s/books",
        "shelves/s/label/x",
        "shelves//label",
    ):
        with pytest.raises(InvalidField):
            check_name("name", wrong, "shelves", only="label")


def test_a_wrong_name_is_answered_with_the_right_shape() -> None:
    with pytest.raises(InvalidField, match=r"must be books/{book}/entries/{entry}$"):
        check_name("name", "x", "books", "entries")
    with pytest.raises(InvalidField, match=r"must be books/{book}/label$"):
        check_name("name", "x", "books", only="label")


def test_a_request_id_is_a_uuid() -> None:
    new = random_id()

    assert check_uuid("request_id", new.upper()) == new
    with pytest.raises(InvalidField):
        check_uuid("request_id", "1234")


cursors = st.lists(st.none() | st.text() | st.integers() | st.floats(allow_nan=False))


@given(st.binary(), cursors)
def test_a_token_opens_to_the_cursor_it_seals(
    query: bytes, cursor: list[str | float | None]
) -> None:
    tokens = Tokens(b"key")

    assert tokens.open(query, tokens.seal(query, cursor)) == tuple(cursor)


@given(st.text())
def test_what_we_did_not_seal_does_not_open(token: str) -> None:
    with pytest.raises(PageTokenInvalid):
        Tokens(b"key").open(b"query", token)


def test_a_token_is_bound_to_query_and_key() -> None:
    token = Tokens(b"key").seal(b"query", ["a"])

    for key, query in ((b"key", b"other"), (b"other", b"query")):
        with pytest.raises(PageTokenInvalid):
            Tokens(key).open(query, token)


def test_a_key_can_be_replaced_while_tokens_are_out() -> None:
    token = Tokens(b"old").seal(b"query", ["a"])

    assert Tokens(b"new", b"old").open(b"query", token) == ("a",)


def test_a_query_is_the_request_and_its_type() -> None:
    a, b = Struct(), Struct()
    a["filter"] = "x"

    assert query_of(a) == query_of(a)
    assert query_of(a) != query_of(b)


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (7, 7), (9999, 100)])
def test_page_sizes_default_and_clamp(asked: int, given: int) -> None:
    assert page_size(asked, default=50, maximum=100) == given


def test_a_negative_page_size_is_refused() -> None:
    with pytest.raises(InvalidField):
        page_size(-1, default=50, maximum=100)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUEPEN_PORT", "1234")
    monkeypatch.setenv("TRUEPEN_READER_BATCH", "8")

    runtime, reader = load(RuntimeSettings, ReaderSettings)

    assert isinstance(runtime, RuntimeSettings)
    assert isinstance(reader, ReaderSettings)
    assert (runtime.port, reader.batch) == (1234, 8)


def test_all_faults_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUEPEN_PORT", "high")
    monkeypatch.setenv("TRUEPEN_CLOCK", "sundial")
    monkeypatch.setenv("TRUEPEN_READER_BATCH", "0")
    monkeypatch.setenv("TRUEPEN_READER_BACTH", "8")

    with pytest.raises(SettingsError) as caught:
        load(RuntimeSettings, ReaderSettings)

    assert [fault.partition(":")[0] for fault in caught.value.faults] == [
        "TRUEPEN_CLOCK",
        "TRUEPEN_PORT",
        "TRUEPEN_READER_BACTH",
        "TRUEPEN_READER_BATCH",
    ]


def test_a_list_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUEPEN_ANONYMOUS_ROLES", "reader")

    with pytest.raises(SettingsError) as caught:
        load(RuntimeSettings)

    assert caught.value.faults == [
        'TRUEPEN_ANONYMOUS_ROLES: must be a JSON list, as ["one", "two"]'
    ]


def test_a_key_that_can_be_guessed_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRUEPEN_TOKEN_KEY", "hush")

    with pytest.raises(SettingsError) as caught:
        load(RuntimeSettings)

    (fault,) = caught.value.faults
    assert fault.startswith("TRUEPEN_TOKEN_KEY: ")
    assert "at least 16 characters" in fault
    assert "hush" not in fault


def test_a_data_folder_that_holds_no_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(SettingsError, match="TRUEPEN_DATA_DIR"):
        RuntimeSettings(data_dir=file).seal_keys()


@pytest.mark.parametrize("given", ["tls_cert", "tls_key"])
def test_half_of_what_tls_needs_is_not_served_in_plaintext(given: str) -> None:
    settings = RuntimeSettings.model_validate({given: "half.pem"})

    with pytest.raises(SettingsError, match="give both or none"):
        server_credentials(settings, client_certs=True)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        RuntimeSettings().port = 1  # type: ignore[misc]  # what is tested


def test_a_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "var" / "token.key"

    first = key_file(path)

    assert len(first) == 32
    assert key_file(path) == first
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_carries_no_local_variable(form: str) -> None:
    out = io.StringIO()
    configure_logs("json" if form == "json" else "text", out=out)
    private = "what somebody wrote"
    try:
        int(private[:0])
    except ValueError:
        structlog.get_logger().exception("unhandled")

    assert "invalid literal" in out.getvalue()
    assert "what somebody" not in out.getvalue()


def test_a_line_is_one_json_object_with_what_was_bound() -> None:
    out = io.StringIO()
    configure_logs("json", out=out)
    structlog.contextvars.bind_contextvars(request_id="r-1")

    structlog.get_logger().info("decided", count=2)
    structlog.get_logger().debug("unseen")

    line = json.loads(out.getvalue())
    assert (line["event"], line["count"], line["request_id"]) == ("decided", 2, "r-1")
