"""Which RPCs may be sent again when nobody knows whether they arrived."""

from collections.abc import Iterable, Mapping, Sequence

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor

READS = ("Get", "List", "BatchGet", "Watch", "Detect", "BatchDetect", "Replay")
OWN_KEY = frozenset(
    {
        "RecordActivities",  # by the ids of the activities
        "ReviewActivity",
        "EvaluateAccount",  # the same evidence is decided once
        "BatchEvaluateAccounts",
        "AcknowledgeNotice",  # a notice is read once
    }
)
"""They change something, once, by a key that every request of theirs has."""


def repeatable(files: Iterable[FileDescriptor]) -> Mapping[str, Sequence[str]]:
    """Return the methods of each service that may be sent again."""
    return {
        service.full_name: [m.name for m in service.methods if is_repeatable(m)]
        for file in files
        for service in file.services_by_name.values()
    }


def is_repeatable(method: MethodDescriptor) -> bool:
    """Say whether *method* only reads, or does what it does once by a key.

    A stream of requests is not sent again: what was answered is the caller's
    to know.
    """
    if method.client_streaming:
        return False
    keyed = "request_id" in method.input_type.fields_by_name
    return keyed or method.name.startswith(READS) or method.name in OWN_KEY
