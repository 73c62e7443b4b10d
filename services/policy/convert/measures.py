"""Measures on single pieces of content, for the wire."""

from services.policy.domain.names import decision_name
from services.policy.storage.measures import StoredMeasure
from truepen.policy.v1 import decisions_pb2
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


def measure_of(
    key: tuple[str, str], own: StoredMeasure | None, standing: decisions_pb2.Standing
) -> pb.ContentMeasure:
    """Return what applies to content *key*: its own measure and its account's.

    Where the account is not recommended, none of its content is.
    """
    account, content = key
    measure = pb.ContentMeasure(
        account=f"accounts/{account}", content=content, recommended=True
    )
    if own is not None:
        measure = render_measure(own)
    if standing.reach.recommendation == 0 and measure.recommended:
        measure.recommended = False
        measure.decision = measure.decision or standing.decision
    measure.label = measure.label or standing.label
    return measure
