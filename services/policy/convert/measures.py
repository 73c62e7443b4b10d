"""Measures on single pieces of content, for the wire."""

from services.policy.convert.decisions import decision_name
from services.policy.storage.measures import StoredMeasure
from truepen.policy.v1 import enforcement_service_pb2 as pb


def render_measure(measure: StoredMeasure) -> pb.ContentMeasure:
    """Return what applies to one piece of content."""
    return pb.ContentMeasure(
        account=f"accounts/{measure.account}",
        content=measure.content,
        label=measure.label,
        recommended=measure.recommended,
        decision=decision_name(measure.account, measure.decision),
    )
