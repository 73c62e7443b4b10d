"""Accounts as the platform tells about them."""

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from google.protobuf.field_mask_pb2 import FieldMask

from services.accounts.convert.fields import (
    ACCOUNT_PREFIX,
    account_of,
    printable,
    timestamp,
    timestamp_or_none,
    us_of,
)
from services.accounts.storage.accounts import Told
from services.runtime.errors import InvalidField
from services.runtime.fields import check_not_negative
from truepen.accounts.v1 import accounts_service_pb2 as pb
from truepen.accounts.v1 import profile_pb2

MAX_WORD = 64
LANGUAGE_TAG = re.compile("[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
OUTPUT_ONLY = {"name", "ownership_epoch", "first_seen_time", "update_time"}


def _kind(account: pb.Account) -> int:
    if account.kind not in profile_pb2.AccountKind.values():
        raise InvalidField("account.kind", "must be one of AccountKind")
    return account.kind


def _create_us(account: pb.Account) -> int | None:
    if not account.HasField("create_time"):
        return None
    return us_of("account.create_time", account.create_time)


def _presence_us(account: pb.Account) -> int | None:
    if not account.HasField("presence_check_time"):
        return None
    return us_of("account.presence_check_time", account.presence_check_time)


def _followers(account: pb.Account) -> int | None:
    if not account.HasField("follower_count"):
        return None
    return check_not_negative("account.follower_count", account.follower_count)


def _time_zone(account: pb.Account) -> str:
    name = printable("account.time_zone", account.time_zone, MAX_WORD)
    if name:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            problem = "must be a time zone of the IANA database"
            raise InvalidField("account.time_zone", problem) from None
    return name


def _language(account: pb.Account) -> str:
    name = printable("account.language", account.language, MAX_WORD)
    if name and not LANGUAGE_TAG.fullmatch(name):
        raise InvalidField("account.language", "must be a BCP 47 tag, such as zh-Hans")
    return name


# Field of the message: column, and how to read it.
FIELDS: dict[str, tuple[str, Callable[[pb.Account], object]]] = {
    "kind": ("kind", _kind),
    "create_time": ("create_us", _create_us),
    "follower_count": ("follower_count", _followers),
    "time_zone": ("time_zone", _time_zone),
    "language": ("language", _language),
    "protected": ("protected", lambda account: account.protected),
    "presence_check_time": ("presence_us", _presence_us),
}


def changes(account: pb.Account, mask: FieldMask) -> tuple[str, dict[str, object]]:
    """Return the account's id and the columns to set; raise InvalidField."""
    name = account_of("account.name", account.name)
    for index, path in enumerate(mask.paths):
        if path in OUTPUT_ONLY:
            problem = f"{path} cannot be changed"
            raise InvalidField(f"update_mask.paths[{index}]", problem)
        if path not in FIELDS:
            problem = f"{path} is not a field of Account"
            raise InvalidField(f"update_mask.paths[{index}]", problem)
    given = {field.name for field, _ in account.ListFields()} & FIELDS.keys()
    chosen = set(mask.paths) or given
    columns = {FIELDS[path][0]: FIELDS[path][1](account) for path in sorted(chosen)}
    return name, columns


def message(told: Told, ownership_epoch: int) -> pb.Account:
    """Render what is known of an account."""
    return pb.Account(
        name=f"{ACCOUNT_PREFIX}{told.account}",
        kind=profile_pb2.AccountKind.ValueType(told.kind),
        create_time=timestamp_or_none(told.create_us),
        follower_count=told.follower_count,
        time_zone=told.time_zone,
        language=told.language,
        protected=told.protected,
        presence_check_time=timestamp_or_none(told.presence_us),
        ownership_epoch=ownership_epoch,
        first_seen_time=timestamp(told.first_seen_us),
        update_time=timestamp(told.update_us),
    )
