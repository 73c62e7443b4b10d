"""The one place a `ServiceError` becomes a google.rpc.Status, and back."""

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    ResourceInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

from services.runtime.errors import (
    AlreadyExists,
    DeadlineExceeded,
    DependencyUnavailable,
    FailedPrecondition,
    InternalError,
    Kind,
    NotFound,
    RemoteError,
    ServiceError,
    Violation,
)

DOMAIN = "truepen.dev"
CODES = {kind: grpc.StatusCode[kind.value] for kind in Kind}
KINDS = {code.value[0]: kind for kind, code in CODES.items()}

# Details travel in HTTP/2 trailers, of which peers accept 8 KB by default.
MAX_VIOLATIONS = 16
MAX_TEXT = 200


def to_status(error: ServiceError) -> Status:
    """Render *error* with one ErrorInfo and the details that fit it."""
    metadata = {key: _short(value) for key, value in error.metadata.items()}
    info = ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata)
    return Status(
        code=CODES[error.kind].value[0],
        message=_short(str(error), 3 * MAX_TEXT),
        details=[_pack(info), *map(_pack, _details(error))],
    )


def pushback(error: ServiceError) -> list[tuple[str, str]]:
    """Return what tells gRPC's own retries when to come back to what is full.

    Clients that have gRPC retry RESOURCE_EXHAUSTED heed it instead of their
    backoff (gRPC proposal A6).
    """
    if error.kind is not Kind.RESOURCE_EXHAUSTED or error.retry_after is None:
        return []
    return [("grpc-retry-pushback-ms", str(round(error.retry_after * 1000)))]


def from_status(status: Status) -> ServiceError:
    """Rebuild the error that *status* renders: same class, same reason."""
    info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
    for detail in status.details:
        for known in (info, bad, retry):
            detail.Unpack(known)
    error = _revive(KINDS.get(status.code), info, status.message)
    if retry.HasField("retry_delay"):
        error.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
    if bad.field_violations:
        error.violations = tuple(
            Violation(found.field, found.description) for found in bad.field_violations
        )
    return error


def from_rpc_error(error: grpc.aio.AioRpcError) -> ServiceError:
    """Rebuild what the server raised; without details, judge by the code."""
    # grpcio-status types the sync call only; it reads the same three methods.
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    if status is not None:
        return from_status(status)
    code: int = error.code().value[0]
    return _revive(KINDS.get(code), ErrorInfo(), error.details() or "")


def _revive(kind: Kind | None, info: ErrorInfo, message: str) -> ServiceError:
    """Make the error of the class that owns the reason, skipping its __init__."""
    if kind is None or (kind is Kind.INTERNAL and not info.reason):
        return InternalError()
    if not info.reason and kind is Kind.UNAVAILABLE:
        return DependencyUnavailable("service")
    if not info.reason and kind is Kind.DEADLINE_EXCEEDED:
        return DeadlineExceeded()
    owner = ServiceError.by_reason.get(info.reason)
    metadata = dict(info.metadata)
    if owner is None or owner.kind is not kind:
        return RemoteError(kind, info.reason or kind.value, message, metadata)
    error = owner.__new__(owner)
    ServiceError.__init__(error, message, **metadata)
    return error


def _details(error: ServiceError) -> list[Message]:
    details: list[Message] = []
    if error.violations:
        bad = BadRequest()
        for field, problem in error.violations[:MAX_VIOLATIONS]:
            bad.field_violations.add(field=_short(field), description=_short(problem))
        details.append(bad)
    if error.retry_after is not None:
        retry = RetryInfo()
        retry.retry_delay.FromMilliseconds(round(error.retry_after * 1000))
        details.append(retry)
    if isinstance(error, NotFound | AlreadyExists):
        details.append(
            ResourceInfo(
                resource_type=error.metadata.get("resource_type", ""),
                resource_name=_short(error.metadata.get("name", "")),
            )
        )
    if isinstance(error, FailedPrecondition):
        failure = PreconditionFailure()
        subject = _short(error.metadata.get("name", ""))
        failure.violations.add(
            type=error.reason, subject=subject, description=_short(str(error))
        )
        details.append(failure)
    return details


def _pack(detail: Message) -> Any:
    packed = Any()
    packed.Pack(detail)
    return packed


def _short(text: str, limit: int = MAX_TEXT) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
