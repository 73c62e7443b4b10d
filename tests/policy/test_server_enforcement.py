"""EnforcementService as a client sees it: real server, real database."""

from pathlib import Path

from tests.policy.accounts_fake import a_profile, hosted, occasional
from tests.policy.serving import running
from truepen.policy.v1 import decisions_pb2


async def test_account_about_which_nothing_speaks_is_clear(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(a_profile("a"))

        response = await site.evaluate("a")

    assert response.decision.tier == decisions_pb2.TIER_CLEAR
    assert response.decision.name == ""
    assert not response.changed
    assert response.standing.revision == 0


async def test_wholly_hosted_account_is_banned_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(hosted("bot"))

        response = await site.evaluate("bot")
        standing = await site.standing("bot")

    assert response.changed
    assert response.decision.tier == decisions_pb2.TIER_BANNED
    assert response.decision.provisional
    assert standing.tier == decisions_pb2.TIER_BANNED
    assert not standing.can_publish
    assert not standing.HasField("expire_time")


async def test_occasional_use_earns_a_notice(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        site.accounts.tell(occasional("a"))

        response = await site.evaluate("a")

    assert response.decision.tier == decisions_pb2.TIER_NOTICE
    assert response.standing.can_publish
