"""Accounts that a hosting tool runs: the suite decides about them within seconds."""

from datetime import UTC, datetime, timedelta

from services.cli.stories import TOOL, timestamp
from truepen.accounts.v1 import activities_pb2 as pb

ACTS = (pb.ACTIVITY_TYPE_NOTE, pb.ACTIVITY_TYPE_COMMENT)


def hosted(account: str, count: int = 12, *, begin: int = 0) -> list[pb.Activity]:
    """*count* acts of the last days, registered, posted and answered by a tool."""
    now = datetime.now(UTC).replace(microsecond=0)
    return [
        pb.Activity(
            id=f"{account}-{number}",
            account=f"accounts/{account}",
            type=ACTS[number % 2] if number else pb.ACTIVITY_TYPE_REGISTER,
            event_time=timestamp(now - timedelta(days=3) + timedelta(hours=number)),
            text_length=200 if number else 0,
            composed_with=TOOL,
            published_with=TOOL,
        )
        for number in range(begin, begin + count)
    ]


def liked(account: str, number: int) -> pb.Activity:
    """Something that says nothing against anybody."""
    return pb.Activity(
        id=f"{account}-{number}",
        account=f"accounts/{account}",
        type=pb.ACTIVITY_TYPE_LIKE,
        event_time=timestamp(datetime.now(UTC) - timedelta(minutes=1)),
    )
