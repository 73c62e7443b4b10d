"""Errors survive the way over the wire."""

import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.errors import (
    AlreadyExists,
    CursorEpochChanged,
    CursorInvalid,
    DeadlineExceeded,
    DependencyUnavailable,
    FailedPrecondition,
    InternalError,
    InvalidField,
    InvalidFields,
    Kind,
    NotFound,
    NotImplementedYet,
    PageTokenInvalid,
    PermissionDenied,
    QueueFull,
    RateLimited,
    RemoteError,
    RequestIdReused,
    RevisionNotReached,
    ServiceError,
    StorageFull,
    TextTooLong,
    Unauthenticated,
    WriteConflict,
)
from services.runtime.status import DOMAIN, from_status, to_status

EACH = [
    InvalidFields([("a", "must be set"), ("b", "must be short")]),
    InvalidField("a", "must be set"),
    TextTooLong("texts[3]", 100_000),
    RequestIdReused("r"),
    PageTokenInvalid(),
    CursorInvalid(),
    CursorEpochChanged(),
    NotFound("account", "accounts/a"),
    AlreadyExists("account", "accounts/a"),
    FailedPrecondition("it is closed", name="cases/c"),
    WriteConflict(),
    RevisionNotReached("accounts/a", 9, 8),
    QueueFull("inference", 0.5),
    RateLimited("reports a day", 60),
    StorageFull("database"),
    DependencyUnavailable("database"),
    InternalError(),
    DeadlineExceeded(),
    Unauthenticated(),
    PermissionDenied("bob", "/a.B/C"),
    NotImplementedYet("/a.B/C"),
]


@pytest.mark.parametrize("error", EACH, ids=lambda error: type(error).__name__)
def test_a_client_raises_what_the_server_raised(error: ServiceError) -> None:
    revived = from_status(to_status(error))

    assert isinstance(revived, ServiceError.by_reason[error.reason])
    assert (revived.kind, revived.reason, str(revived)) == (
        error.kind,
        error.reason,
        str(error),
    )
    assert revived.metadata == error.metadata
    assert revived.retry_after == error.retry_after
    assert revived.violations == error.violations


@pytest.mark.parametrize("error", EACH, ids=lambda error: type(error).__name__)
def test_each_status_has_exactly_one_error_info(error: ServiceError) -> None:
    infos = [d for d in to_status(error).details if d.type_url.endswith("ErrorInfo")]

    assert len(infos) == 1
    info = ErrorInfo.FromString(infos[0].value)
    assert (info.reason, info.domain) == (error.reason, DOMAIN)


def test_every_class_with_a_reason_of_its_own_is_tested_here() -> None:
    own = {
        cls
        for cls in ServiceError.by_reason.values()
        if cls.__module__ == "services.runtime.errors"
    }

    assert own <= {type(error) for error in EACH}


def test_a_reason_from_a_newer_server_is_kept() -> None:
    newer = RemoteError(Kind.ABORTED, "NOT_KNOWN_YET", "try later", {"a": "b"})

    revived = from_status(to_status(newer))

    assert type(revived) is RemoteError
    assert (revived.kind, revived.reason) == (Kind.ABORTED, "NOT_KNOWN_YET")


@given(st.text(), st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_a_status_always_fits_the_trailers(
    name: str, violations: list[tuple[str, str]]
) -> None:
    clean = [(f.encode("utf-8", "replace").decode(), p) for f, p in violations]
    long = [(field, "很" * 5000) for field, _ in clean]

    status = to_status(InvalidFields([*long * 40]))

    assert status.ByteSize() < 24_000
    bad = BadRequest.FromString(status.details[1].value)
    assert 1 <= len(bad.field_violations) <= 16


def test_one_reason_is_one_class() -> None:
    """With two, the import order would decide what a client catches."""
    with pytest.raises(TypeError, match="already the reason"):
        type("Elsewhere", (ServiceError,), {"reason": TextTooLong.reason})


def test_who_repeats_an_id_with_other_content_is_told_that_it_differs() -> None:
    said = str(AlreadyExists("Activity", "accounts/a/activities/n1"))

    assert said == "Activity accounts/a/activities/n1 already exists, and differs"
