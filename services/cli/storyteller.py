"""Tells what came of the five stories of `truepen demo`."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.cli.answers import channels, interaction_name, tier_name
from services.cli.stories import START, Character
from services.cli.story import Chapter
from truepen.accounts.v1 import activities_pb2, profile_pb2
from truepen.policy.v1 import decisions_pb2

SHANGHAI = timezone(timedelta(hours=8), "CST")
TIER_STYLE = {
    "CLEAR": "bold green",
    "NOTICE": "bold cyan",
    "WARNING": "bold yellow",
    "REACH_LIMITED": "bold dark_orange",
    "PUBLISHING_LIMITED": "bold dark_orange3",
    "PUBLISHING_SUSPENDED": "bold red",
    "BANNED": "bold white on red",
}
SURE = 0.999
HARDEST_TRACK = "hardest on interaction"


def tell(console: Console, chapter: Chapter) -> None:
    """Print one account's story."""
    character = chapter.character
    body = Table.grid(padding=(0, 1))
    line(body, "It is", character.about)
    line(body, "It did", what_it_did(character))
    line(body, "Found", *what_was_found(chapter.profile))
    line(body, "Decided", *what_was_decided(chapter))
    line(body, "It may", what_it_may(chapter.standing))
    tier = tier_name(chapter.standing.tier)
    title = Text.assemble(
        (f" {character.id} ", "bold"), (f" {tier} ", TIER_STYLE.get(tier, "bold"))
    )
    console.print(Panel(body, title=title, title_align="left", padding=(0, 2)))
    if chapter.notices:
        last = chapter.notices[-1]
        said = Text(f"{last.title_zh}\n{last.body_zh}\n\n", style="default")
        said.append(f"{last.title_en}\n{last.body_en}", style="dim")
        console.print(Panel(said, title="The owner reads", title_align="left"))


def line(body: Table, name: str, *values: str) -> None:
    """Add a named line, or several under one name."""
    for number, value in enumerate(values):
        body.add_row(Text(name if number == 0 else "", style="bold"), Text(value))


def what_it_did(character: Character) -> str:
    """Counts by type of activity."""
    counts = Counter(a.type for a in character.activities)
    said = [
        f"{n} {activities_pb2.ActivityType.Name(kind).removeprefix('ACTIVITY_TYPE_')}"
        for kind, n in counts.most_common()
    ]
    first = shanghai(character.activities[0].event_time.ToDatetime(START.tzinfo))
    last = shanghai(character.activities[-1].event_time.ToDatetime(START.tzinfo))
    return f"{', '.join(said)} from {first} to {last}"


def what_was_found(profile: profile_pb2.Profile) -> list[str]:
    """Reliance, automation and each channel that speaks."""
    said = []
    for found in profile.reliances[-1:]:
        known = found.state == profile_pb2.RELIANCE_STATE_IDENTIFIED
        share = f"{found.lower:.0%} to {found.upper:.0%}" if known else "cannot tell"
        said.append(
            f"AI-made share of its posts: {share} (95% interval, "
            f"{found.eligible_count} posts count, {found.hard_count} with hard facts)"
        )
    said.append(
        f"automated operation: {percent(profile.automation.probability)}; "
        f"automated interaction: {percent(profile.interaction_automation.probability)}"
    )
    speaking = {k: v for k, v in channels(profile).items() if v is not None}
    said.extend(
        f"{kind:13}{ratio:+6.2f}  {', '.join(reasons(profile, kind)) or '-'}"
        for kind, ratio in speaking.items()
    )
    return said


def reasons(profile: profile_pb2.Profile, kind: str) -> list[str]:
    """Reason codes of one channel."""
    number = profile_pb2.ChannelKind.Value(f"CHANNEL_KIND_{kind}")
    return [r for c in profile.channels if c.kind == number for r in c.reasons]


def what_was_decided(chapter: Chapter) -> list[str]:
    """One line for each decision, with its reasons."""
    said = []
    for decision in chapter.decisions:
        track = interaction_name(decision.interaction_tier)
        tier = tier_name(decision.tier)
        if track != "NONE":
            tier += f" + {track}"
        if decision.provisional:
            tier += " (provisional until a person confirms)"
        when = shanghai(decision.decide_time.ToDatetime(START.tzinfo))
        said.append(f"{when}  {tier}: {', '.join(decision.reasons)}")
    return said or ["nothing: no rule fired"]


def what_it_may(standing: decisions_pb2.Standing) -> str:
    """What publishing and ranking are told."""
    rights = {
        "publish": standing.can_publish,
        "comment": standing.can_comment,
        "message": standing.can_message,
        "like": standing.can_like,
        "follow": standing.can_follow,
    }
    may = [name for name, allowed in rights.items() if allowed]
    said = ", ".join(may) if may else "nothing"
    if standing.HasField("posts_left"):
        said += f"; posts left today: {standing.posts_left}"
    said += f"; reach in recommendation {standing.reach.recommendation:.0%}"
    if standing.label:
        said += f"; its content is labelled {standing.label}"
    if standing.HasField("expire_time"):
        until = shanghai(standing.expire_time.ToDatetime(START.tzinfo))
        said += f"; until {until}"
    return said


def summary(chapters: Sequence[Chapter]) -> Table:
    """The last word: who ended where, hardest and now."""
    table = Table(title="How they stand", title_justify="left")
    for name in ("account", "what it is", "hardest tier", "tier now", HARDEST_TRACK):
        table.add_column(name)
    for chapter in chapters:
        tier = tier_name(chapter.standing.tier)
        tracks = [d.interaction_tier for d in chapter.decisions]
        table.add_row(
            chapter.character.id,
            chapter.character.about,
            Text(chapter.hardest, style=TIER_STYLE.get(chapter.hardest, "")),
            Text(tier, style=TIER_STYLE.get(tier, "")),
            interaction_name(max([chapter.standing.interaction_tier, *tracks])),
        )
    return table


def shanghai(moment: datetime) -> str:
    """*moment* as people in the story see it."""
    return moment.astimezone(SHANGHAI).strftime("%d %b %H:%M")


def percent(probability: float) -> str:
    """A probability in words that do not claim certainty."""
    if probability > SURE:
        return "> 99.9%"
    return f"{probability:.1%}"


INTRODUCTION = """\
Five invented accounts live through eighteen days. Their texts were written for this
demonstration: where STYLE takes those of the people for a machine's, see what else
speaks for them. Everything goes over gRPC through detector, accounts and policy; what
is printed below is what they answered. Times are those of Shanghai.

Under "Found" stands how strongly each kind of evidence speaks, as a log-likelihood
ratio: above 0 for a machine, below 0 for a person; at 3, machines do it twenty times as
often as people. Each kind is capped, and what texts look like (STYLE, TEMPLATE) leads
to a notice at most: it is wrong about people too often for more.
"""

TRY_IT = """\
Try it yourself:

  make serve                                    (in another terminal)
  grpcurl -plaintext localhost:50051 list
  grpcurl -plaintext -d '{"text": "..."}' localhost:50051 \\
    truepen.detector.v1.DetectorService/DetectText
  grpcurl -plaintext -d '{"name": "accounts/a1/standing"}' localhost:50051 \\
    truepen.policy.v1.EnforcementService/GetStanding

After `make test` there is a grpcurl in .venv/bin. README.md shows a whole conversation.
"""
