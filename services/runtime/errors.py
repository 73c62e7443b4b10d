"""Errors a caller may see. Pure: `status` turns them into gRPC and back.

ServiceError
├── InvalidFields          INVALID_FIELD           several fields are wrong
│   ├── InvalidField       INVALID_FIELD           one field is wrong
│   └── TextTooLong        TEXT_TOO_LONG           ask for parts of it
├── RequestIdReused        REQUEST_ID_REUSED       same id, other request
├── PageTokenInvalid       PAGE_TOKEN_INVALID      not ours, or other query
├── CursorInvalid          CURSOR_INVALID          not ours, or other stream
├── CursorEpochChanged     CURSOR_EPOCH_CHANGED    take a new snapshot
├── NotFound               RESOURCE_NOT_FOUND
├── AlreadyExists          ALREADY_EXISTS
├── FailedPrecondition     STATE_NOT_ALLOWED       subclass for another reason
│   └── RevisionNotReached REVISION_NOT_REACHED    ask again
├── WriteConflict          WRITE_CONFLICT          retry the transaction
├── QueueFull              QUEUE_FULL              slow down
├── RateLimited            RATE_LIMITED            slow down
├── StorageFull            STORAGE_FULL            retry once there is room
├── DependencyUnavailable  DEPENDENCY_UNAVAILABLE  retry with backoff
├── InternalError          INTERNAL                a bug, ours or beyond
├── DeadlineExceeded       DEADLINE_EXCEEDED
├── Unauthenticated        UNAUTHENTICATED
├── PermissionDenied       PERMISSION_DENIED
├── NotImplementedYet      NOT_IMPLEMENTED
└── RemoteError            (whatever a newer server said)
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar, NamedTuple


class Kind(StrEnum):
    """What the caller should do about it; one gRPC code each."""

    INVALID_ARGUMENT = "INVALID_ARGUMENT"  # fix the request
    OUT_OF_RANGE = "OUT_OF_RANGE"  # start over from a snapshot
    NOT_FOUND = "NOT_FOUND"  # fix the name
    ALREADY_EXISTS = "ALREADY_EXISTS"  # use what exists
    FAILED_PRECONDITION = "FAILED_PRECONDITION"  # change state first
    ABORTED = "ABORTED"  # retry the whole transaction
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"  # slow down
    UNAVAILABLE = "UNAVAILABLE"  # retry with backoff
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"  # allow more time
    CANCELLED = "CANCELLED"  # the caller left
    UNAUTHENTICATED = "UNAUTHENTICATED"  # say who you are
    PERMISSION_DENIED = "PERMISSION_DENIED"  # ask for a role
    UNIMPLEMENTED = "UNIMPLEMENTED"  # use another release
    INTERNAL = "INTERNAL"  # report a bug


class Violation(NamedTuple):
    """One field and what is wrong with it."""

    field: str
    problem: str


class ServiceError(Exception):
    """Base of every error that crosses the wire.

    `reason` is API: clients switch on it, so it never changes meaning.
    Whatever the message interpolates also goes in `metadata` (AIP-193).
    `retry_after` is in seconds; None where waiting does not help.
    """

    kind: Kind
    reason: str
    said: ClassVar[str] = ""
    """The message where none is given."""
    by_reason: ClassVar[dict[str, type["ServiceError"]]] = {}

    def __init_subclass__(cls) -> None:
        """Let a client raise the very class that the server raised."""
        if "reason" not in cls.__dict__:
            return
        known = cls.by_reason.setdefault(cls.reason, cls)
        if (known.__module__, known.__name__) != (cls.__module__, cls.__name__):
            # A client would raise whichever was imported first.
            raise TypeError(f"{cls.reason} is already the reason of {known}")

    def __init__(self, message: str = "", **metadata: str) -> None:
        super().__init__(message or self.said)
        self.metadata = metadata
        self.retry_after: float | None = None
        self.violations: tuple[Violation, ...] = ()


class InvalidFields(ServiceError):
    """Request fields are missing, malformed or out of range: all at once."""

    kind = Kind.INVALID_ARGUMENT
    reason = "INVALID_FIELD"

    def __init__(self, violations: Iterable[tuple[str, str]]) -> None:
        found = tuple(Violation(*violation) for violation in violations)
        text = "; ".join(f"{field}: {problem}" for field, problem in found)
        super().__init__(text, field=", ".join(field for field, _ in found))
        self.violations = found


class InvalidField(InvalidFields):
    """One request field is missing, malformed or out of range."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__([(field, problem)])


class TextTooLong(InvalidFields):
    """A text has more characters than are accepted."""

    reason = "TEXT_TOO_LONG"

    def __init__(self, field: str, most: int) -> None:
        super().__init__([(field, f"must have at most {most} characters")])


class RequestIdReused(ServiceError):
    """The same request_id came before with a different request."""

    kind = Kind.INVALID_ARGUMENT
    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str) -> None:
        text = f"request_id {request_id} was used for a different request"
        super().__init__(text, request_id=request_id)


class PageTokenInvalid(ServiceError):
    """The page token is not ours, or was made for another query."""

    kind = Kind.INVALID_ARGUMENT
    reason = "PAGE_TOKEN_INVALID"
    said = "page_token does not belong to this query"


class CursorInvalid(ServiceError):
    """The resume cursor is not ours, or was made for another stream."""

    kind = Kind.INVALID_ARGUMENT
    reason = "CURSOR_INVALID"
    said = "cursor does not belong to this stream"


class CursorEpochChanged(ServiceError):
    """The log was restored or trimmed since the cursor: take a snapshot."""

    kind = Kind.OUT_OF_RANGE
    reason = "CURSOR_EPOCH_CHANGED"
    said = "cursor is from another log epoch; start from a snapshot"


class _OfResource(ServiceError):
    """An error about one named resource."""

    def __init__(self, resource_type: str, name: str) -> None:
        text = f"{resource_type} {name} {self.said}"
        super().__init__(text, resource_type=resource_type, name=name)


class NotFound(_OfResource):
    """No resource has this name."""

    kind = Kind.NOT_FOUND
    reason = "RESOURCE_NOT_FOUND"
    said = "was not found"


class AlreadyExists(_OfResource):
    """A resource with this name exists and differs."""

    kind = Kind.ALREADY_EXISTS
    reason = "ALREADY_EXISTS"
    said = "already exists, and differs"


class FailedPrecondition(ServiceError):
    """The resource is not in a state that allows this. Subclass per reason."""

    kind = Kind.FAILED_PRECONDITION
    reason = "STATE_NOT_ALLOWED"


class RevisionNotReached(FailedPrecondition):
    """This replica has not seen the revision yet: ask again."""

    reason = "REVISION_NOT_REACHED"

    def __init__(self, name: str, asked: int, reached: int) -> None:
        text = f"{name} is at revision {reached}, not yet at {asked}"
        super().__init__(text, name=name, asked=str(asked), reached=str(reached))
        self.retry_after = 0.1


class WriteConflict(ServiceError):
    """Other writers won each attempt; repeat the whole read-modify-write."""

    kind = Kind.ABORTED
    reason = "WRITE_CONFLICT"
    said = "another write came first; retry"


class QueueFull(ServiceError):
    """Work is refused at once rather than kept waiting. Seconds to wait."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "QUEUE_FULL"

    def __init__(self, queue: str, retry_after: float) -> None:
        super().__init__(f"{queue} queue is full", queue=queue)
        self.retry_after = retry_after


class RateLimited(ServiceError):
    """The caller used up what *limit* allows. Seconds to wait."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "RATE_LIMITED"

    def __init__(self, limit: str, retry_after: float) -> None:
        super().__init__(f"{limit} is used up", limit=limit)
        self.retry_after = retry_after


class StorageFull(ServiceError):
    """A write found no room; nothing of it was kept. Seconds to wait."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "STORAGE_FULL"

    def __init__(self, storage: str, retry_after: float = 30.0) -> None:
        super().__init__(f"{storage} is full", storage=storage)
        self.retry_after = retry_after


class DependencyUnavailable(ServiceError):
    """Something this service needs does not answer. Seconds to wait."""

    kind = Kind.UNAVAILABLE
    reason = "DEPENDENCY_UNAVAILABLE"

    def __init__(self, dependency: str, retry_after: float = 1.0) -> None:
        super().__init__(f"{dependency} is unavailable", dependency=dependency)
        self.retry_after = retry_after


class InternalError(ServiceError):
    """A bug, here or in a service behind this one. Only the log knows more."""

    kind = Kind.INTERNAL
    reason = "INTERNAL"
    said = "internal error"


class DeadlineExceeded(ServiceError):
    """The time the caller allowed ran out; the work may yet be done."""

    kind = Kind.DEADLINE_EXCEEDED
    reason = "DEADLINE_EXCEEDED"
    said = "deadline exceeded"


class Unauthenticated(ServiceError):
    """No valid credentials came with the call; `problem` in metadata says why."""

    kind = Kind.UNAUTHENTICATED
    reason = "UNAUTHENTICATED"
    said = "valid credentials are required"


class PermissionDenied(ServiceError):
    """The caller is known and has none of the roles that this needs."""

    kind = Kind.PERMISSION_DENIED
    reason = "PERMISSION_DENIED"

    def __init__(self, caller: str, method: str, roles: Iterable[str] = ()) -> None:
        names = ", ".join(sorted(roles))
        text = f"{caller} may not call {method}"
        if names:
            text = f"{text}: it takes one of the roles {names}"
        super().__init__(text, caller=caller, method=method, roles=names)


class NotImplementedYet(ServiceError):
    """This server has the method in its contract only."""

    kind = Kind.UNIMPLEMENTED
    reason = "NOT_IMPLEMENTED"

    def __init__(self, method: str) -> None:
        super().__init__(f"{method} is not implemented", method=method)


class RemoteError(ServiceError):
    """An answer whose reason this release does not know."""

    def __init__(
        self, kind: Kind, reason: str, message: str, metadata: dict[str, str]
    ) -> None:
        super().__init__(message, **metadata)
        self.kind = kind
        self.reason = reason
