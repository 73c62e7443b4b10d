"""The whole policy in one total function: evidence and history in, ruling out.

Pure: the same evidence, history, ruleset, clock and switches give the same bytes.
"""

from dataclasses import dataclass
from datetime import datetime

from services.policy.domain import findings
from services.policy.domain.canonical import digest
from services.policy.domain.events import ContentMark
from services.policy.domain.evidence import Evidence
from services.policy.domain.history import History
from services.policy.domain.interaction import InteractionStep, interact
from services.policy.domain.ladder import Claim, Step, climb, earlier_count
from services.policy.domain.limits import Limited, limited
from services.policy.domain.numbers import Ladder
from services.policy.domain.ruleset import Match, Outcome, Rule, Ruleset
from services.policy.domain.rulings import Ruling
from services.policy.domain.switches import DEFAULT, Switches
from services.policy.domain.tiers import (
    AccountKind,
    CaseKind,
    Ground,
    InteractionTier,
    Tier,
)


def decision_id(account: str, profile_revision: int, ruleset_digest: str) -> str:
    """The same evidence under the same rules is decided once: 32 hex digits."""
    return digest([account, profile_revision, ruleset_digest])[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Where both tracks lead, before people and switches have their word."""

    evidence: Evidence
    history: History
    ruleset: Ruleset
    now: datetime
    outcome: Outcome
    limit: Limited
    ladder: Step
    interaction: InteractionStep
    stops: tuple[str, ...]
    """What keeps rules from acting at all, in codes."""
    decided: bool
    """The very same evidence was decided before."""

    @property
    def climbs(self) -> bool:
        """Whether a ladder step takes effect."""
        return self.ladder.acts and not self.stops and not self.decided

    @property
    def interacts(self) -> bool:
        """Whether an interaction step takes effect."""
        return self.interaction.acts and not self.stops and not self.decided

    @property
    def relied_on(self) -> tuple[str, ...]:
        """Earlier decisions without which this one would be milder."""
        ladder = self.ladder.relied_on if self.climbs else ()
        interaction = self.interaction.relied_on if self.interacts else ()
        return tuple(dict.fromkeys(ladder + interaction))


def rule(
    evidence: Evidence,
    history: History,
    ruleset: Ruleset,
    now: datetime,
    switches: Switches = DEFAULT,
) -> Ruling:
    """Rule on *evidence*; late, missing or stale evidence is never harsher."""
    outcome = ruleset.ask(evidence)
    limit = limited(outcome.live, evidence, ruleset, switches)
    claim = Claim(
        tier=limit.tier,
        cap=limit.cap,
        urgent=limit.urgent,
        offence_time=findings.offence_time(outcome.live, evidence),
    )
    interaction = InteractionStep()
    if any(r.interaction > InteractionTier.NONE for r in outcome.live):
        time = evidence.last_event_time
        interaction = interact(time, history, ruleset.ladder, now)
    decision = decision_id(evidence.account, evidence.profile_revision, ruleset.digest)
    steps = Steps(
        evidence=evidence,
        history=history,
        ruleset=ruleset,
        now=now,
        outcome=outcome,
        limit=limit,
        ladder=climb(claim, history, ruleset.ladder, now),
        interaction=interaction,
        stops=stopped(evidence, history, ruleset, now, switches),
        decided=history.measure(decision) is not None,
    )
    return settle(decision, steps)


def stopped(
    evidence: Evidence,
    history: History,
    ruleset: Ruleset,
    now: datetime,
    switches: Switches,
) -> tuple[str, ...]:
    """What keeps rules from acting whatever they say."""
    age = evidence.staleness_seconds
    fresh = age is not None and age <= ruleset.ladder.max_staleness.total_seconds()
    codes = {
        "banned": history.banned(),
        "observe_only": switches.observe_only,
        "persons_word": history.person_decided(now),
        "stale_evidence": not fresh,
        "protected": evidence.protected,
        "declared_bot": evidence.account_kind is AccountKind.DECLARED_BOT,
    }
    return tuple(code for code, holds in codes.items() if holds)


def settle(decision: str, steps: Steps) -> Ruling:
    """Put the ruling together."""
    evidence, history = steps.evidence, steps.history
    ruleset, now, fired = steps.ruleset, steps.now, steps.outcome.live
    ladder = ruleset.ladder
    imposed = steps.ladder.tier if steps.climbs else Tier.CLEAR
    limiting = InteractionTier(1 + steps.interacts)
    current, current_interaction = history.tier(now), history.interaction(now)
    provisional = imposed is Tier.BANNED and waits_for_person(evidence, ladder)
    struck = steps.climbs and steps.ladder.strike
    held = (*steps.stops, *steps.limit.held_back, *steps.ladder.held_back)
    return Ruling(
        decision=decision,
        account=evidence.account,
        decide_time=now,
        profile_revision=evidence.profile_revision,
        evidence_digest=evidence.digest(),
        ruleset_digest=ruleset.digest,
        model_digests=evidence.model_digests,
        history_sequence=history.sequence,
        acts=steps.climbs or steps.interacts,
        tier=max(current, imposed),
        previous_tier=current,
        interaction=max(current_interaction, limiting),
        previous_interaction=current_interaction,
        imposed_tier=imposed,
        imposed_interaction=limiting,
        ground=ground_of(steps, imposed, limiting),
        reasons=tuple(findings.reasons(evidence, ruleset.bounds, steps.relied_on)),
        strategies=evidence.interaction_strategies if steps.interacts else (),
        held_back=tuple(dict.fromkeys(held)),
        wait_until=steps.ladder.wait_until,
        fired=matches(fired),
        shadow=matches(steps.outcome.shadow),
        abstained=steps.outcome.abstained,
        contents=contents(steps, imposed),
        account_label=findings.account_label(evidence, ruleset.bounds, imposed),
        expire_time=ends(imposed, history, ladder, now),
        interaction_expire_time=(
            steps.interaction.expire_time if steps.interacts else None
        ),
        strike_expire_time=now + ladder.strike_expires_after if struck else None,
        relied_on=steps.relied_on,
        provisional=provisional,
        confirm_by=now + ladder.confirm_within if provisional else None,
        cases=cases(steps, imposed, provisional=provisional),
        cluster=evidence.cluster,
    )


def ground_of(steps: Steps, imposed: Tier, limiting: InteractionTier) -> Ground:
    """What the ruling rests on; where it imposes nothing, what stands does."""
    if steps.climbs or steps.interacts:
        return findings.ground(steps.outcome.live, imposed, limiting)
    standing = steps.history.standing_measure(steps.now)
    return standing.made.ground if standing else Ground.NONE


def contents(steps: Steps, imposed: Tier) -> tuple[ContentMark, ...]:
    """What the ruling says of single posts."""
    fired = steps.outcome.live
    if steps.stops or not any(r.label or r.tier > Tier.CLEAR for r in fired):
        return ()
    # Whoever stands at WARNING or beyond goes on with posts of the same kind.
    stands = max(imposed, steps.history.tier(steps.now))
    return findings.marks(
        steps.evidence,
        steps.history,
        steps.ruleset.bounds,
        recommended=stands < Tier.WARNING,
    )


def ends(
    imposed: Tier, history: History, ladder: Ladder, now: datetime
) -> datetime | None:
    """When the measure lifts itself; None where it imposes nothing or for good."""
    if imposed is Tier.CLEAR:
        return None
    lasts = ladder.duration(imposed, earlier_count(imposed, history, ladder, now))
    return now + lasts if lasts else None


def waits_for_person(evidence: Evidence, ladder: Ladder) -> bool:
    """Whether a ban is provisional: always, but for throwaways where so ruled."""
    age, followers = evidence.account_age_days, evidence.follower_count
    throwaway = (
        evidence.operation_hard is True
        and age is not None
        and age <= ladder.throwaway_max_age_days
        and followers == 0
        and (evidence.cluster_size or 0) >= ladder.throwaway_min_cluster
    )
    return ladder.throwaway_confirmation or not throwaway


def cases(steps: Steps, imposed: Tier, *, provisional: bool) -> tuple[CaseKind, ...]:
    """The cases to open for people. A person's standing word is asked about bans."""
    history, ladder, now = steps.history, steps.ruleset.ladder, steps.now
    opened = set(steps.limit.cases)
    if imposed is Tier.BANNED:
        opened.discard(CaseKind.BAN_REVIEW)
    if provisional:
        opened.add(CaseKind.BAN_CONFIRMATION)
    if imposed is Tier.PUBLISHING_SUSPENDED:
        earlier = earlier_count(imposed, history, ladder, now)
        if earlier >= ladder.suspensions_before_review:
            opened.add(CaseKind.BAN_REVIEW)
    if steps.interacts and steps.interaction.review:
        opened.add(CaseKind.BAN_REVIEW)
    if "persons_word" in steps.stops and steps.limit.tier is Tier.BANNED:
        opened.add(CaseKind.BAN_REVIEW)
    if not {"banned", "observe_only"}.isdisjoint(steps.stops):
        opened.clear()
    return tuple(sorted(opened))


def matches(rules: tuple[Rule, ...]) -> tuple[Match, ...]:
    """What fired, the strictest first."""
    found = (Match(r.id, r.clause, r.tier, r.interaction) for r in rules)
    return tuple(sorted(found, key=lambda m: (-m.tier, -m.interaction, m.rule)))
