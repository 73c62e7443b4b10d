"""The little of an activity that is compared with what other accounts did."""

from services.accounts.convert.activities import TYPES
from services.accounts.domain.activities import ACCOUNT_UPKEEP, CO_ACTIONS
from services.accounts.domain.coordination.acts import Glimpse, number_of
from truepen.accounts.v1 import activities_pb2 as pb


def glimpsed(facts: bytes) -> Glimpse | None:
    """Return what is compared of the activity recorded as *facts*.

    None for upkeep such as logins. People who talk to each other answer within
    a minute too: messages and answers to comments have no object.
    """
    told = pb.Activity.FromString(facts)
    kind = TYPES[told.type]
    if kind in ACCOUNT_UPKEEP:
        return None
    aim, client = told.target, told.published_with
    object_id = aim.content or aim.account
    if kind not in CO_ACTIONS or aim.parent:
        object_id = ""
    return Glimpse(
        number_of(f"{told.type}:{object_id}") if object_id else 0,
        number_of(client.device_hash) if client.device_hash else 0,
        number_of(client.network_hash) if client.network_hash else 0,
    )
