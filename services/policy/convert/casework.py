"""Cases and appeals for the wire."""

from services.policy.convert.times import to_timestamp
from services.policy.domain.appeals import Appeal, AppealGround, AppealState
from services.policy.domain.cases import Case, CaseOutcome, CaseState
from services.policy.domain.names import decision_name
from services.policy.domain.tiers import CaseKind
from truepen.policy.v1 import appeals_service_pb2 as appeals_pb
from truepen.policy.v1 import cases_service_pb2 as cases_pb

CASE_KINDS: dict[CaseKind, cases_pb.CaseKind.ValueType] = {
    kind: cases_pb.CaseKind.Value(f"CASE_KIND_{kind.name}")
    for kind in CaseKind
    if kind is not CaseKind.DEAD_LETTER
}
CASE_STATES = {s: cases_pb.CaseState.Value(f"CASE_STATE_{s.name}") for s in CaseState}
CASE_OUTCOMES = {
    outcome: cases_pb.CaseOutcome.Value(f"CASE_OUTCOME_{outcome.name}")
    for outcome in CaseOutcome
}
APPEAL_GROUNDS = {
    ground: appeals_pb.AppealGround.Value(f"APPEAL_GROUND_{ground.name}")
    for ground in AppealGround
}
APPEAL_STATES = {
    state: appeals_pb.AppealState.Value(f"APPEAL_STATE_{state.name}")
    for state in AppealState
}
CASE_KIND_OF = {value: kind for kind, value in CASE_KINDS.items()}
CASE_STATE_OF = {value: state for state, value in CASE_STATES.items()}
CASE_OUTCOME_OF = {value: outcome for outcome, value in CASE_OUTCOMES.items()}
APPEAL_GROUND_OF = {value: ground for ground, value in APPEAL_GROUNDS.items()}
APPEAL_STATE_OF = {value: state for state, value in APPEAL_STATES.items()}


def render_case(case: Case) -> cases_pb.Case:
    """Return a case; who is named in it is named by resource name."""
    outcome = cases_pb.CASE_OUTCOME_UNSPECIFIED
    if case.outcome is not None:
        outcome = CASE_OUTCOMES[case.outcome]
    return cases_pb.Case(
        name=f"cases/{case.id}",
        kind=CASE_KINDS[case.kind],
        accounts=[f"accounts/{account}" for account in case.accounts],
        decisions=case.decisions,
        contents=case.contents,
        report_count=len(case.reports),
        state=CASE_STATES[case.state],
        create_time=to_timestamp(case.create_time),
        due_time=to_timestamp(case.due_time),
        assignee=case.assignee,
        claim_expire_time=to_timestamp(case.claim_expire_time),
        outcome=outcome,
        outcome_reason=case.outcome_reason,
        version=case.version,
        priority=case.priority,
    )


def render_appeal(account: str, appeal: Appeal) -> appeals_pb.Appeal:
    """Return an appeal."""
    return appeals_pb.Appeal(
        name=f"accounts/{account}/appeals/{appeal.id}",
        decision=decision_name(account, appeal.decision),
        ground=APPEAL_GROUNDS[appeal.ground],
        statement=appeal.statement,
        state=APPEAL_STATES[appeal.state],
        create_time=to_timestamp(appeal.create_time),
        due_time=to_timestamp(appeal.due_time),
        stayed=appeal.stayed,
        reviewer=appeal.reviewer,
        claim_expire_time=to_timestamp(appeal.claim_expire_time),
        outcome_reason=appeal.outcome_reason,
        resolve_time=to_timestamp(appeal.resolve_time),
        version=appeal.version,
    )
