"""Standings for the wire."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from services.policy.convert.decisions import INTERACTION_TIERS, TIERS
from services.policy.convert.times import duration, instant, to_timestamp
from services.policy.domain.canonical import from_plain
from services.policy.domain.names import decision_name
from services.policy.domain.standing import Standing, resets_at
from services.policy.domain.tiers import ContentLabel
from truepen.policy.v1 import decisions_pb2 as pb

ALL_CLEAR = Standing()


def standing_from_json(state: str, update_time: datetime) -> Standing:
    """Read a standing as it is kept."""
    standing: Standing = from_plain(Standing, json.loads(state))
    return replace(standing, update_time=update_time)


def render_standing(
    account: str,
    revision: int,
    standing: Standing,
    now: datetime,
    max_age: timedelta,
    *,
    posts_made: int,
) -> pb.Standing:
    """Return how *account* stands, for the wire; *posts_made* are this day's."""
    rendered = pb.Standing(
        name=f"accounts/{account}/standing",
        tier=TIERS[standing.tier],
        interaction_tier=INTERACTION_TIERS[standing.interaction],
        can_publish=standing.can_publish,
        can_comment=standing.can_interact,
        can_message=standing.can_interact,
        can_like=standing.can_interact,
        can_follow=standing.can_interact,
        reach=pb.Reach(
            recommendation=standing.reach.recommendation,
            search=standing.reach.search,
            followers=standing.reach.followers,
        ),
        label="" if standing.label is ContentLabel.NONE else standing.label.name,
        provisional=standing.provisional,
        expire_time=to_timestamp(standing.expire_time),
        revision=revision,
        decision=decision_name(account, standing.decision),
        active_strike_count=standing.active_strike_count,
        update_time=to_timestamp(standing.update_time),
    )
    rendered.max_age.CopyFrom(duration(max_age))
    if standing.posts_per_day is not None:
        rendered.posts_left = max(0, standing.posts_per_day - posts_made)
        rendered.posts_reset_time.MergeFrom(instant(resets_at(now)))
    return rendered
