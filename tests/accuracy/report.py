"""Writes docs/accuracy.md from the findings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from services.detector.training.evaluate import LENGTHS
from tests.accuracy.accounts import TIERS
from tests.accuracy.findings import BESIDE, SHORT, SHOWN
from tests.accuracy.goals import Goal, is_baseline
from tests.accuracy.texts import OURS, TRICKED

Findings = dict[str, Any]

LANGUAGES: Final = {"zh": "Chinese", "en": "English"}
# Why another detector may rank a source better; told where one does.
TRAINED = "it names 25 public sets as its training, and whoever knows a set ranks it: a whole source left out costs our own n-grams .02 to .23 too"
WHY: Final = {
    "imbd": "the machine's texts keep a person's sentences or go on from them, and are longer (length alone ranks them as well); a set that is known can be told, one that is not can hardly",
    "lastde": "the machine goes on from a person's opening, and its texts are longer",
    "gecscore": f"news summaries in formal prose, of which our training has little; {TRAINED}",
    "cross_inspiration_reddit": TRAINED,
    "copa_attack": "paraphrases; both are near the top",
    "shijaku_toefl": "few texts, and both near the top",
}
UNKNOWN: Final = "nobody has looked into it"
OWN_ARMS: Final = """\
Where n-grams alone rank as well or better, the encoder adds nothing to that source: how arms are weighed is fitted over all calibration texts at once, not over these sources, and texts that n-grams find clear are read no further. \
What the encoder is for stands in the rows of this year's posts and, in English, of Reddit and tweets."""
LIMITS: Final = """\
- **One text is evidence, not proof.** At the shipped point most English machine texts are not called so; what is added up over an account is the likelihood ratio.
- **Sources are not platforms.** All but the `fresh_llm` texts are public research data, most of it older than today's machines. No Xiaohongshu population was measured; `truepen calibrate` and the audits are for that.
- **This year's posts are of one family of models**, and our own training texts too: another family may be found less often.
- **A source in training under the same name** (`cred`, film reviews, `imbd`, `outfox`, `fresh_llm`; other authors) flatters. The other sources are unseen. Whole sources left out: [model card](model-card.md).
- **Intervals are about these texts.** They tell how far chance may have moved a number, not how far another population will. Authors are known for a part of the sources only; where they are not, each text counts as its own author and the interval is too narrow.
- **No accusation among some hundred people bounds little**: 0 of 300 is at most 1 % by the one-sided bound. The worst source is the worst of those that were measured.
- **The recorded accounts** are of one competition over 48 hours, tweets, English and French. Nothing Chinese, no client facts, no farms, no hosting tool. Which signals were chosen was decided on these sets; the fits told here have not seen them.
- **Some hundred people unharmed** bound the share of harmed ones at about one in a hundred, not at one in a million. Why wrongful bans can be rarer than that: [policy](policy.md).
- Traditional Chinese, mixed languages, code, translated text and speech-to-text were not measured."""
PEERS: Final = """\
is-it-slop 0.6.3 (MIT), the strongest that runs offline, needs an environment of its own: `python3 -m venv peer && peer/bin/pip install is-it-slop==0.6.3`.
Its wheel wants the C library's 2.38 symbols; before that (Debian 12), four lines of C stand in for them:

```c
#include <stdlib.h>
long long __isoc23_strtoll(const char *s, char **e, int b) { return strtoll(s, e, b); }
long __isoc23_strtol(const char *s, char **e, int b) { return strtol(s, e, b); }
unsigned long __isoc23_strtoul(const char *s, char **e, int b) { return strtoul(s, e, b); }
unsigned long long __isoc23_strtoull(const char *s, char **e, int b) { return strtoull(s, e, b); }
```

In a file `shim.c`, they are built by `gcc -shared -fPIC -O2 -o isoc23.so shim.c`.
Then `make evaluate DATA=... SLOP="env LD_PRELOAD=$PWD/isoc23.so peer/bin/python"`.
Any other detector takes `--peer LANG NAME COMMAND`: lines {"text"} in, lines {"score"} out.

humanize-chinese (MIT Non-Commercial, so never shipped), the only Chinese one that was known to run offline, is in no package registry, and its n-gram table could not be obtained again. It was not run; nothing of it is quoted."""


def report(
    texts: Mapping[str, Findings],
    accounts: Findings | None,
    goals: Sequence[Goal],
    model: Mapping[str, str],
) -> str:
    """The whole page."""
    parts = [
        "# How accurate it is, and what that does not show",
        (
            f"Written by `make evaluate DATA=...` from labelled texts and recorded accounts that are not in this repository; nothing here was typed in but the sentences. Model {model['version']}, digest {model['digest'][:12]}.\n"
            "No threshold was fitted on these texts; their authors are disjoint from training. What the sources are, their licences, and what the model is for: [model card](model-card.md)."
        ),
        "## What was asked and what was found",
        table(("What", "Goal", "Found", ""), map(goal_row, goals)),
    ]
    for lang, found in texts.items():
        parts += language(lang, found)
    parts += ["## How to run the others", PEERS, "## Recorded accounts"]
    parts += recorded(accounts) if accounts else ["Not run: `--texts-only`."]
    parts += ["## What the numbers do not show", LIMITS]
    return "\n\n".join(parts) + "\n"


def goal_row(goal: Goal) -> tuple[str, ...]:
    """A goal as a row of a table."""
    return goal.what, goal.goal, goal.found, "reached" if goal.met else "**missed**"


def language(lang: str, found: Findings) -> Iterator[str]:
    """Everything about texts of one language."""
    name = LANGUAGES[lang]
    yield f"## {name} texts"
    yield f"{found['texts']:,} texts. AUROC with a 95 % interval over authors drawn with replacement; shares with exact (Clopper–Pearson) ones. An abstention counts as a miss in recall."
    yield table(
        ("Source", "People", "Machines", "AUROC", "People accused %", "Recall %", "Undecided %"),
        sources(lang, found),
    )  # fmt: skip
    beside = [s for s in BESIDE if s in found["sources"]]
    if beside:
        yield f"{' and '.join(beside)} stand beside the mean: a tweet says too little."
    yield f"![False positives](figures/accuracy-people-{lang}.svg)"
    yield f"### {name}: beside others, on the same texts in the same run"
    yield from beside_others(lang, found)
    yield f"### {name}: where it is weak"
    yield "\n".join(weaknesses(lang, found))
    yield table(
        ("Characters", "Texts", "AUROC", "People accused %", "Recall %", "Undecided %"),
        lengths(lang, found),
    )
    yield table(("Texts of two hands", "Texts", "Called AI_GENERATED %"), mixed(found))
    yield f"Calibration: expected error {found['calibration_error']:.3f} ([diagram](figures/detector-reliability-{lang}.svg))."
    yield f"### {name}: tricks"
    yield f"{TRICKED} machine texts (or all there are), called `AI_GENERATED` as they are: {100 * found['tricks']['plain']:.1f} %."
    yield table(("Trick", "Points of recall lost"), tricks(found))
    yield f"### {name}: failures, by id"
    yield f"The surest mistakes, at most {SHOWN} a kind, one a source in turn. Who has the data can read them; the texts are not ours to publish."
    for kind, ids in found["failures"].items():
        told = ", ".join(f"`{each}`" for each in ids) or "none"
        yield f"- {kind}: {told}"


def sources(lang: str, found: Findings) -> Iterator[tuple[str, ...]]:
    """A row a source, then one of all."""
    names = [n.removeprefix(f"{lang} ") for n in found["groups"] if is_source(n, lang)]
    for name in names:
        group = found["groups"][f"{lang} {name}"]
        both = found["sources"].get(name)
        yield (
            name,
            str(both["people"] if both else count(group, "false_positives")),
            str(both["machines"] if both else count(group, "recall")),
            auroc(both["arms"][OURS]) if both else "–",
            *shares(group),
        )
    yield ("**all**", "", "", f"**{found['macro']['auroc'][OURS]:.3f}** (mean)", *shares(found["groups"][lang]))  # fmt: skip


def is_source(name: str, lang: str) -> bool:
    """Whether a group of the model card is a source of this language."""
    kinds = (" length ", " attack ", " generator ")
    return name.startswith(f"{lang} ") and not any(kind in name for kind in kinds)


def count(group: Findings, what: str) -> int:
    """How many texts a share was taken of; 0 where there is none."""
    return int(group[what]["texts"]) if what in group else 0


def shares(group: Findings) -> tuple[str, str, str]:
    """People accused, recall, undecided, in per cent."""
    return (
        percent(group.get("false_positives")),
        percent(group.get("recall")),
        percent(group.get("undecided")),
    )


def beside_others(lang: str, found: Findings) -> Iterator[str]:
    """Side by side, and where ours is not ahead."""
    both = found["sources"]
    arms = [OURS, *sorted({a for s in both.values() for a in s["arms"]} - {OURS})]
    yield table(
        ("Source", *arms, "length alone", "punctuation alone"),
        [
            (
                source,
                *(auroc(each["arms"][a]) if a in each["arms"] else "–" for a in arms),
                *(f"{each['features'][f]:.2f}" for f in ("length", "punctuation")),
            )
            for source, each in both.items()
        ]
        + [("**mean**", *(f"**{found['macro']['auroc'][a]:.3f}**" for a in arms), "", "")],
    )  # fmt: skip
    yield "n-grams are the baseline: our own cheap arms alone, without calibration, trained on the same texts. Length and punctuation are told whichever way they point."
    yield f"![Rankings](figures/accuracy-auroc-{lang}.svg)"
    yield from (f"{name} was not run: {why}." for name, why in found["absent"].items())
    yield "\n".join(where_not(both, arms[1:])) or "Nothing ranks better anywhere."
    yield OWN_ARMS
    control = found["control"]
    yield (
        f"Trivial-feature control, all sources together (AUROC): {', '.join(f'{name} {value:.3f}' for name, value in control.items())}. "
        "*Source* knows the share of machines in a text's source and nothing else: how much of a pooled number is the mixture. That is why means over sources are told."
    )


def where_not(both: Mapping[str, Any], others: Sequence[str]) -> Iterator[str]:
    """Each source on which another arm's AUROC is higher, and why."""
    for name in others:
        ahead = {
            source: each["arms"][name]
            for source, each in both.items()
            if name in each["arms"]
            and each["arms"][name]["auroc"] > each["arms"][OURS]["auroc"]
        }
        if is_baseline(name) and ahead:
            told = ", ".join(f"{source} ({by(arm)})" for source, arm in ahead.items())
            yield f"- {name} alone: ahead on {told}."
            continue
        for source, arm in ahead.items():
            why = WHY.get(source, UNKNOWN)
            yield f"- **{name} is ahead on {source}** by {by(arm)}: {why}."


def by(arm: Findings) -> str:
    """How far an arm is ahead of ours, with what chance allows."""
    low, high = arm["above"]
    sure = "" if arm["better"] else ", which chance may explain"
    return f"{low:+.3f} to {high:+.3f}{sure}"


def weaknesses(lang: str, found: Findings) -> Iterator[str]:
    """People, polish, twins, short texts, abstentions."""
    people = found["people"]
    for kind in ("source", "domain"):
        worst = people.get(f"worst_{kind}")
        if worst:
            yield f"- **Worst population of people by {kind}**: {worst['name']}, {percent(worst)} of {worst['texts']} accused."
    if found["twins"]:
        yield f"- **Twins** (people nearest in topic and length to this year's posts): {percent(found['twins'])} of {found['twins']['texts']} accused."
    light = found["polish"]["light"]
    if light:
        yield f"- **Light polish**: {percent(light)} of {light['texts']} called `AI_GENERATED`."
    short = found["short"]
    if "undecided" in short:
        told = [f"{percent(short['undecided'])} of {short['undecided']['texts']} undecided"]  # fmt: skip
        told += [f"people accused {percent(short['false_positives'])}"] if "false_positives" in short else []  # fmt: skip
        told += [f"recall {percent(short['recall'])}"] if "recall" in short else []
        yield f"- **{SHORT} characters or fewer**: {'; '.join(told)}."
    if found["undecided_long"]:
        yield f"- Undecided above 80 characters (zh) or 60 words (en): {percent(found['undecided_long'])}."


def lengths(lang: str, found: Findings) -> Iterator[tuple[str, ...]]:
    """A row a range of lengths, the shortest first."""
    for longest in (*LENGTHS[lang], "more"):
        group = found["groups"].get(f"{lang} length up to {longest}")
        if group:
            yield (
                f"up to {longest}" if longest != "more" else "more",
                str(group["undecided"]["texts"]),
                f"{group['auroc']:.3f}" if "auroc" in group else "–",
                *shares(group),
            )


def mixed(found: Findings) -> Iterator[tuple[str, ...]]:
    """A row a kind of text that a person and a machine wrote together."""
    for name, each in found["polish"].items():
        if name != "light":
            yield name, str(each["texts"]), percent(each)


def tricks(found: Findings) -> Iterator[tuple[str, ...]]:
    """A row a trick."""
    plain = found["tricks"]["plain"]
    for name, recall in found["tricks"].items():
        if name != "plain":
            yield name, f"{100 * (plain - recall):.1f}"


def recorded(found: Findings) -> Iterator[str]:
    """What the suite did to recorded accounts, and how well it could tell."""
    yield "Accounts of one competition (English set 30, French set 31) through `truepen replay`: the suite as it ships, on the accounts' own clock, the ladder's waiting times included. The harshest tier that an account ever had; Shares with exact 95 % intervals; of none, the exact one-sided bound."
    tiers = [t for t in TIERS[1:] if any(g[t]["count"] for g in found["tiers"].values())]  # fmt: skip
    tiers = list(dict.fromkeys(["NOTICE", "WARNING", *tiers]))
    yield table(
        ("Accounts", "Number", *(f"{tier} or above" for tier in tiers)),
        (
            (name, str(group["NOTICE"]["of"]), *(cell(group[t]) for t in tiers))
            for name, group in found["tiers"].items()
        ),
    )
    yield "The detector does not know French and abstains, so `STYLE` is silent there."
    yield "**Automation posterior.** Fitted without the set that it is told of, both ways, and as shipped, which has seen these accounts:"
    yield table(
        ("Set", "Bots", "People", "AUROC, set left out", "Bots above 99 % of people", *(f"≥ {x}: bots, people" for x in found["held_out"][0]["levels"])),
        (
            (
                each["name"],
                str(each["bots"]),
                str(each["people"]),
                auroc(each["ranked"]),
                f"{100 * each['detection']:.0f} %",
                *(f"{b}, {p}" for b, p in each["levels"].values()),
            )
            for each in found["held_out"]
        ),
    )  # fmt: skip
    shipped = ", ".join(
        f"{lang} {auroc(each)}" for lang, each in found["shipped_posterior"].items()
    )
    yield f"As shipped, at the end of each recording: AUROC {shipped}."
    yield "![Posteriors](figures/accuracy-accounts.svg)"
    yield "Why bots are missed, what was fitted on what, commits and forums: [behaviour](behaviour.md)."


def cell(reached: Findings) -> str:
    """Count and share with interval; of none, the bound."""
    low, high = reached["interval"]
    told = f"{100 * low:.1f} – {100 * high:.1f} %"
    if not reached["count"]:
        told = f"at most {100 * reached['at_most']:.2f} %"
    return f"{reached['count']} ({told})"


def auroc(ranked: Findings) -> str:
    """An AUROC and its interval."""
    low, high = ranked["interval"]
    return f"{ranked['auroc']:.3f} ({low:.3f} – {high:.3f})"


def percent(found: Findings | None) -> str:
    """A share in per cent with its interval."""
    if not found:
        return "–"
    low, high = found["interval"]
    return f"{100 * found['value']:.1f} ({100 * low:.1f} – {100 * high:.1f})"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
