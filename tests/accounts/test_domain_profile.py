from datetime import timedelta
from math import log

import pytest

from services.accounts.domain.activities import (
    Activity,
    ActivityType,
    AigcLabel,
    Client,
    ClientKind,
    InputMode,
    LabelKind,
    Target,
)
from services.accounts.domain.evidence import (
    ChannelKind,
    ChannelState,
    Coordination,
    References,
    ReportSummary,
)
from services.accounts.domain.fingerprints import content_key
from services.accounts.domain.profile import Profile
from services.accounts.domain.times import to_us
from tests.accounts.acts import (
    START,
    TOOL,
    TYPED,
    a_note,
    a_score,
    an_activity,
    channel,
    derived,
    every,
)

MINUTES = timedelta(minutes=30, seconds=1)
SCHEDULER = Client(ClientKind.SCHEDULER)
CROWD = Coordination("c1", 40, 12, 50, 1e-9)


def silent(profile: Profile) -> set[ChannelKind]:
    return {
        each.kind for each in profile.channels if each.state is ChannelState.ABSTAINS
    }


def test_one_activity_makes_every_statistical_channel_abstain() -> None:
    profile = derived([an_activity()])

    assert silent(profile) == set(ChannelKind)
    assert profile.automation.probability == pytest.approx(0.02)
    assert profile.interaction_automation.probability == pytest.approx(0.02)


def test_tempo_needs_twenty_events() -> None:
    hours = timedelta(hours=1, seconds=1)

    assert ChannelKind.TEMPO in silent(derived(every(hours, 19)))
    assert ChannelKind.TEMPO not in silent(derived(every(hours, 20)))


def test_tempo_says_nothing_of_one_sitting() -> None:
    profile = derived(every(timedelta(minutes=3, seconds=1), 120))

    assert ChannelKind.TEMPO in silent(profile)


def test_style_needs_five_scored_texts() -> None:
    notes = [a_note(f"{i}", "abcde"[i] * 9, START + i * MINUTES) for i in range(5)]
    scores = [a_score(each, 2.0) for each in notes]

    assert ChannelKind.STYLE in silent(derived(notes, scores[:4]))
    assert channel(derived(notes, scores), ChannelKind.STYLE).speaks_for


def test_a_timer_looks_automated_but_never_for_sure_by_tempo_alone() -> None:
    seconds = timedelta(minutes=30, seconds=1)
    automation = derived(every(seconds, 120)).automation

    assert automation.channels == (ChannelKind.TEMPO,)
    assert automation.probability < 0.95


def test_a_scheduler_silences_tempo() -> None:
    profile = derived(every(MINUTES, 120, published_with=SCHEDULER))

    assert ChannelKind.TEMPO in silent(profile)
    assert profile.automation.probability < 0.05


def test_pasting_is_neutral() -> None:
    pasted = Client(ClientKind.APP, input=InputMode.PASTED)
    profile = derived(every(timedelta(hours=7), 6, composed_with=pasted))

    assert profile.automation.probability == pytest.approx(0.02)
    assert profile.reliances[0].flagged_count == 0


def test_a_hosting_tool_speaks_at_once_and_is_hard() -> None:
    profile = derived([an_activity(published_with=TOOL)])
    speaks = channel(profile, ChannelKind.OPERATION)

    assert speaks.hard
    assert speaks.speaks_for
    assert profile.operation.tool_post_share == 1
    assert profile.operation.registered_by_tool is None


def test_an_account_run_by_a_tool_throughout_meets_the_ban() -> None:
    acts = [an_activity("r", type=ActivityType.REGISTER, published_with=TOOL)]
    acts += every(
        timedelta(hours=2, seconds=7), 24, published_with=TOOL, composed_with=TOOL
    )
    likes = [
        an_activity(
            f"l{i}",
            type=ActivityType.LIKE,
            event_time=START + i * MINUTES,
            published_with=TOOL,
        )
        for i in range(12)
    ]
    profile = derived([*acts, *likes])

    assert profile.operation.registered_by_tool
    assert profile.operation.tool_interaction_share == 1
    assert profile.automation.probability >= 0.99
    assert profile.automation.hard
    assert profile.reliances[0].lower >= 0.9
    assert profile.interaction_automation.strategies[0] == "TOOL_OPERATED"


def test_typing_in_an_attested_app_exculpates() -> None:
    timer = every(timedelta(minutes=30, seconds=1), 120)
    typed = every(timedelta(minutes=30, seconds=1), 120, composed_with=TYPED)

    before, after = derived(timer), derived(typed)

    assert after.automation.probability < before.automation.probability / 20
    assert channel(after, ChannelKind.HUMAN).log_likelihood_ratio < -5
    assert after.own_voice.typed_share == 1


def test_undeclared_labels_are_hard_evidence_and_declared_ones_none() -> None:
    label = AigcLabel(LabelKind.GENERATED)
    hidden = derived([an_activity(label=label)])
    open_ = derived([an_activity(label=label, declared_ai=True)])

    assert channel(hidden, ChannelKind.PROVENANCE).hard
    assert ChannelKind.PROVENANCE in silent(open_)


def test_reports_never_move_a_posterior() -> None:
    reports = ReportSummary(500, 400, 80.0, 1)

    assert (
        derived([an_activity()], reports=reports).automation
        == derived([an_activity()]).automation
    )


def test_the_one_who_is_copied_is_not_implicated() -> None:
    def found(leads: bool) -> Profile:
        group = Coordination("c1", 40, 12, 50, 1e-9, leads)
        return derived(every(MINUTES, 5), references=References("v", {}, group))

    assert channel(found(False), ChannelKind.COORDINATION).speaks_for
    assert ChannelKind.COORDINATION in silent(found(True))


def test_instant_replies_name_their_strategy() -> None:
    replies = [
        an_activity(
            f"{i}",
            type=ActivityType.COMMENT,
            event_time=START + timedelta(minutes=37 * i),
            text_length=90,
            target=Target(
                "c", create_us=to_us(START + timedelta(minutes=37 * i, seconds=-2))
            ),
        )
        for i in range(30)
    ]
    found = derived(replies).interaction_automation

    assert found.strategies == ("INSTANT_REPLY",)
    assert found.probability > 0.5


def test_likes_on_a_timer_and_repeated_comments_name_theirs() -> None:
    likes = every(timedelta(minutes=5, seconds=3), 40, type=ActivityType.LIKE)
    comments = [
        a_note(
            f"{i}",
            "This is wonderful, please look at my page as well",
            START + timedelta(minutes=11 * i),
            type=ActivityType.COMMENT,
        )
        for i in range(20)
    ]

    assert derived(likes).interaction_automation.strategies == ("TIMED_LIKE",)
    assert derived(comments).interaction_automation.strategies == ("TEMPLATE_COMMENT",)


def test_a_person_who_scrolls_and_likes_is_no_timer() -> None:
    likes = [
        an_activity(
            f"{i}", type=ActivityType.LIKE, event_time=START + timedelta(seconds=3 * i)
        )
        for i in range(60)
    ]

    assert derived(likes).interaction_automation.strategies == ()


def test_credential_and_device_change_together_open_an_epoch() -> None:
    takeover = START + timedelta(days=10)
    acts = [
        *every(timedelta(hours=5), 40, composed_with=TYPED),
        an_activity("c", type=ActivityType.CREDENTIAL_CHANGE, event_time=takeover),
        an_activity(
            "d", type=ActivityType.DEVICE_BIND, event_time=takeover + timedelta(hours=1)
        ),
        an_activity("n", event_time=takeover + timedelta(days=1), composed_with=TOOL),
    ]
    profile = derived(acts)

    assert profile.ownership_epoch == 1
    assert profile.ownership_epoch_time == takeover + timedelta(hours=1)
    assert profile.reliances[0].eligible_count == 1
    assert ChannelKind.HUMAN in silent(profile)


def test_devices_are_those_of_the_present_owner_the_latest_first() -> None:
    takeover = START + timedelta(days=10)

    def seen(name: str, day: float, phone: str) -> Activity:
        moment = START + timedelta(days=day)
        client = Client(device_hash=phone, network_hash=f"at {phone}")
        return an_activity(name, event_time=moment, published_with=client)

    acts = [
        seen("a", 1, "before"),
        seen("b", 11, "first"),
        seen("c", 12, "second"),
        seen("d", 13, "first"),
        an_activity("e", type=ActivityType.CREDENTIAL_CHANGE, event_time=takeover),
        an_activity("f", type=ActivityType.DEVICE_BIND, event_time=takeover),
    ]
    profile = derived(acts)

    assert profile.ownership_epoch == 1
    assert profile.devices == (content_key("first"), content_key("second"))
    assert profile.networks == (content_key("at first"), content_key("at second"))


def test_a_new_phone_in_the_same_rhythm_is_no_new_owner() -> None:
    moment = START + timedelta(days=12)
    acts = [
        an_activity(f"{d}-{h}", event_time=START + timedelta(days=d, hours=h))
        for d in range(24)
        for h in (0, 4, 8)
    ]
    acts += [
        an_activity("c", type=ActivityType.CREDENTIAL_CHANGE, event_time=moment),
        an_activity("d", type=ActivityType.DEVICE_BIND, event_time=moment),
    ]

    assert derived(acts).ownership_epoch == 0


def test_flagged_contents_are_the_newest_first_and_say_why() -> None:
    notes = [
        an_activity(f"{i}", event_time=START + timedelta(hours=i), composed_with=TOOL)
        for i in range(3)
    ]
    flagged = derived(notes).flagged_contents

    assert [each.event_time for each in flagged] == [
        START + timedelta(hours=h) for h in (2, 1, 0)
    ]
    assert flagged[0].reasons == ("HARD_FACTS",)


def test_every_channel_keeps_within_its_cap() -> None:
    acts = every(timedelta(seconds=61), 400, published_with=TOOL, composed_with=TOOL)
    references = References("v", {}, CROWD)

    ratios = [
        abs(c.log_likelihood_ratio)
        for c in derived(acts, references=references).channels
    ]

    assert max(ratios) <= log(10_000) + 1e-9
