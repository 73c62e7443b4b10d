"""Recorded events as the platform would send them: batches of activities."""

from collections.abc import Iterable, Iterator

from google.protobuf.timestamp_pb2 import Timestamp

from services.cli.recordings import Event, Recording
from truepen.accounts.v1 import activities_pb2

BATCH = 1_000
BATCH_SPAN_US = 6 * 3_600_000_000
"""A batch covers at most six hours, so that the ladder sees time pass."""


def batches(
    recordings: Iterable[Recording],
) -> Iterator[list[tuple[int, str, int, Event]]]:
    """Group all events, in order of time, into batches of at most six hours."""
    ordered = sorted(
        (event.time_us, recording.id, number, event)
        for recording in recordings
        for number, event in enumerate(recording.events)
    )
    batch: list[tuple[int, str, int, Event]] = []
    for item in ordered:
        if batch and (len(batch) == BATCH or item[0] - batch[0][0] > BATCH_SPAN_US):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def activity(account: str, number: int, event: Event) -> activities_pb2.Activity:
    """Render a recorded event as the platform would send it."""
    sent = activities_pb2.Activity(
        id=f"e{number}",
        account=f"accounts/{account}",
        type=event.type,
        event_time=timestamp(event.time_us),
        text=event.text,
    )
    if event.length is not None and not event.text:
        sent.text_length = event.length
    if event.target:
        sent.target.content = event.target
    return sent


def timestamp(time_us: int) -> Timestamp:
    """Microseconds from 1970 as a Timestamp."""
    seconds, microseconds = divmod(time_us, 1_000_000)
    return Timestamp(seconds=seconds, nanos=microseconds * 1_000)
