"""How rulesets in SHADOW compare with the live one: judgements, and the flips."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from services.policy.domain.shadows import Flip
from services.policy.domain.tiers import Tier
from services.policy.domain.times import to_us
from services.policy.storage.rows import ShadowFlipRow, ShadowRow, table
from services.runtime.database import insert, insert_ignore

FLIPS = table(ShadowFlipRow)
SHADOWS = table(ShadowRow)


def judged(connection: Connection, counts: Mapping[str, int]) -> None:
    """Add to how often each ruleset, by digest, was asked beside the live one."""
    for digest, count in counts.items():
        row = {"digest": digest, "judged": count}
        statement = insert(connection, SHADOWS).values(row)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["digest"], set_={"judged": SHADOWS.c.judged + count}
            )
        )


def differed(connection: Connection, digest: str, found: Flip, now: datetime) -> None:
    """Keep a flip, once for the same evidence."""
    row = {
        "account": found.account,
        "digest": digest,
        "profile_revision": found.profile_revision,
        "live_tier": int(found.live),
        "shadow_tier": int(found.shadow),
        "live_interaction": int(found.live_interaction),
        "shadow_interaction": int(found.shadow_interaction),
        "flip_us": to_us(now),
    }
    insert_ignore(connection, FLIPS, [row])


def judged_count(connection: Connection, digest: str) -> int:
    """Return how often a ruleset was asked beside the live one."""
    found = select(SHADOWS.c.judged).where(SHADOWS.c.digest == digest)
    return connection.execute(found).scalar() or 0


def flips(connection: Connection, digest: str) -> Counter[tuple[Tier, Tier]]:
    """Return how often a ruleset would have imposed another tier, both ways."""
    columns = (FLIPS.c.live_tier, FLIPS.c.shadow_tier)
    found = (
        select(*columns, func.count())
        .where(FLIPS.c.digest == digest, FLIPS.c.live_tier != FLIPS.c.shadow_tier)
        .group_by(*columns)
    )
    return Counter(
        {
            (Tier(live), Tier(shadow)): count
            for live, shadow, count in connection.execute(found)
        }
    )
