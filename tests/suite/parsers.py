"""What takes bytes of strangers, as targets: each refuses politely or keeps its word.

`python -m tests.suite.parsers TARGET SECONDS` has atheris search for what does
neither, by coverage, where `pip install atheris` found a wheel for this Python.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml
from google.protobuf.message import DecodeError

from services.accounts.convert.activities import Reader
from services.accounts.domain.times import to_us
from services.detector.domain.assessment import Language
from services.detector.domain.segments import passages
from services.detector.domain.text import normalise
from services.policy.domain.rulefile import load_ruleset
from services.policy.domain.yamlnodes import InvalidRuleset
from services.runtime.access import Access
from services.runtime.bearer import Verifier
from services.runtime.errors import ServiceError
from services.runtime.paging import Tokens
from truepen.accounts.v1 import activities_pb2

SHIPPED = Path("services/policy/rulesets/default.yaml").read_text("utf-8")
NOW_US = to_us(datetime(2026, 6, 1, tzinfo=UTC))
TOKENS, READER = Tokens(b"key"), Reader(b"key")
KNOWN = Access.model_validate(
    {
        "issuers": [
            {
                "name": "platform",
                "issuer": "https://issuer.test",
                "audience": "truepen",
                "keys": "/nowhere",
            }
        ]
    }
)

Target = Callable[[bytes], None]


def text_of(data: bytes) -> str:
    """As a string of any kind, lone surrogates included."""
    return data.decode("utf-8", "surrogatepass" if len(data) % 2 else "replace")


def texts(data: bytes) -> None:
    """A normalised character comes from one that is there, in order."""
    try:
        text = text_of(data)
    except UnicodeDecodeError:
        return
    found = normalise(text)
    assert len(found.text) == len(found.origins)
    assert all(0 <= place < len(text) for place in found.origins)
    for language in (Language.ZH, Language.EN):
        cut = passages(found.text, language)
        assert cut[0][0] == 0
        assert cut[-1][1] == len(found.text)
        assert all(end == start for (_, end), (start, _) in pairwise(cut))


def rulesets(data: bytes) -> None:
    """A ruleset is loaded, or refused with what is wrong."""
    try:
        load_ruleset(data.decode("utf-8", "replace"))
    except InvalidRuleset as error:
        assert error.problems  # noqa: PT017  # who raises it is told so


def conditions(data: bytes) -> None:
    """So is a condition in CEL, in the first rule of the shipped ruleset."""
    root = yaml.safe_load(SHIPPED)
    root["rules"][0]["when"] = data.decode("utf-8", "replace")
    try:
        load_ruleset(yaml.safe_dump(root, allow_unicode=True))
    except InvalidRuleset as error:
        assert error.problems  # noqa: PT017


def activities(data: bytes) -> None:
    """An activity is read, or refused by field."""
    try:
        message = activities_pb2.Activity.FromString(data)
    except DecodeError:
        return
    try:
        READER.arrival(message, "activity", NOW_US)
    except ServiceError as error:
        assert error.violations  # noqa: PT017


def page_tokens(data: bytes) -> None:
    """A token that nobody sealed is refused."""
    try:
        TOKENS.open(b"query", data.decode("utf-8", "replace"))
    except ServiceError:
        return
    raise AssertionError(data)


def bearer_tokens(data: bytes) -> None:
    """A token that nobody signed is refused."""
    try:
        asyncio.run(Verifier(KNOWN.issuers).check(data.decode("utf-8", "replace")))
    except ServiceError:
        return
    raise AssertionError(data)


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (texts, rulesets, conditions, activities, page_tokens, bearer_tokens)
}
SEEDS: dict[str, list[bytes]] = {
    "texts": ["「他说」a\u200bb &amp; **粗体**。".encode() * 9, b"\xed\xa0\x80x"],
    "rulesets": [SHIPPED.encode(), b"rules: [", b"&a [*a]"],
    "conditions": [b"automation.lower > 0.9", b"1 / 0 > 0", b"[" * 50, b'"\\ud800"'],
    "activities": [
        activities_pb2.Activity(
            id="n1",
            account="accounts/a",
            type=activities_pb2.ACTIVITY_TYPE_NOTE,
            text="words",
            aigc_label="{}",
        ).SerializeToString()
    ],
    "page_tokens": [TOKENS.seal(b"other", ("a", 1.5, None)).encode(), b"===="],
    "bearer_tokens": [
        b"eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0In0.AA",
        b"e30.e30.",
    ],
}


def main(name: str, seconds: str) -> None:
    """Search for so long; atheris itself ends the process."""
    atheris: Any = import_module("atheris")
    # Import anew what is watched: all there is, libraries too, would take minutes.
    for module in [each for each in sys.modules if each.startswith("services")]:
        del sys.modules[module]
    with atheris.instrument_imports(include=["services"]):
        target = import_module("tests.suite.parsers").TARGETS[name]
    corpus = Path(mkdtemp(prefix="parsers-"))
    for number, seed in enumerate(SEEDS[name]):
        (corpus / str(number)).write_bytes(seed)
    how = [f"-max_total_time={seconds}", "-timeout=20", "-max_len=4096"]
    atheris.Setup([sys.argv[0], *how, str(corpus)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
