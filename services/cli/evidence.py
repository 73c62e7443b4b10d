"""A decision as staff read it: what was known, which rules spoke, what held back."""

import json
from collections.abc import Mapping
from typing import Any

from services.cli.output import record_of
from services.cli.remote import ask
from truepen.policy.v1 import decisions_pb2, enforcement_service_pb2
from truepen.policy.v1.enforcement_service_pb2_grpc import EnforcementServiceStub


def decision_at(target: str, name: str, who: str = "") -> decisions_pb2.Decision:
    """Return the decision *name* with its evidence; the server notes who read it."""
    request = enforcement_service_pb2.GetDecisionRequest(name=name, explain=True)
    found = ask(target, EnforcementServiceStub, "GetDecision", request, who)
    decision: decisions_pb2.Decision = found.decision
    return decision


def laid_out(decision: decisions_pb2.Decision) -> dict[str, Any]:
    """Return *decision* as a record, the frozen evidence opened."""
    record = record_of(decision)
    frozen = json.loads(record.pop("evidence_json") or "{}")
    return {**record, "evidence": known(frozen)}


def known(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return what *evidence* says, without what is not known."""
    return {name: value for name, value in evidence.items() if value is not None}
