"""Notices for the wire."""

from services.policy.convert.times import to_timestamp
from services.policy.domain.names import decision_name
from services.policy.storage.notices import StoredNotice
from truepen.policy.v1 import decisions_pb2 as pb


def render_notice(stored: StoredNotice) -> pb.Notice:
    """Return a notice, and whether it arrived."""
    notice = stored.body
    return pb.Notice(
        name=f"accounts/{stored.account}/notices/{stored.sequence}",
        sequence=stored.sequence,
        decision=decision_name(stored.account, stored.decision),
        kind=notice.kind,
        title_zh=notice.title_zh,
        body_zh=notice.body_zh,
        title_en=notice.title_en,
        body_en=notice.body_en,
        create_time=to_timestamp(stored.create_time),
        hand_over_time=to_timestamp(stored.hand_over_time),
        acknowledge_time=to_timestamp(stored.acknowledge_time),
        expire_time=to_timestamp(notice.expire_time),
        appeal_expire_time=to_timestamp(notice.appeal_expire_time),
    )
