"""Every command that the documents show, and what answers for it.

A command stands in a block without a language, or in backquotes within a line. It
is either run by a test, or checked for what can be checked without the cluster, the
data or the hours it takes. One that no `Answer` takes fails tests/test_docs.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        ROOT / "README.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").rglob("README.md"),
        *(ROOT / "services").rglob("README.md"),
    ]
)
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
PROGRAMS = [
    "bash",
    "createdb",
    "curl",
    "docker",
    "export",
    "git",
    "grpcurl",
    "helm",
    "kubectl",
    "make",
    "mkdir",
    "nats",
    "npm",
    "npx",
    "pg_dump",
    "pg_restore",
    "pip",
    "protoc",
    "psql",
    "python",
    "sh",
    "truepen",
]
NOTE = re.compile(r"\s{2,}(?:# )?\w.*$")
"""What is said beside a command."""
BEGINS = re.compile(
    rf"(?:[A-Z_]+=\S* )*(?:\.venv/bin/)?(?:{'|'.join(PROGRAMS)})(?: |$)|MAPS="
)


class Answer(Enum):
    """What answers for a command."""

    README = "run by tests/suite/test_readme.py"
    OPERATING = "run by tests/suite/test_operating.py"
    IDENTITY = "run by tests/suite/test_identity_page.py"
    INTEGRATING = "run by tests/suite/test_integrating.py"
    SERVES = "checked like the others; tests/suite/processes.py starts the like"
    MAKE = "checked: the target is there; `.ci/run` runs the daily ones"
    PYTEST = "checked: the files are there and have tests of that marker"
    MODULE = "checked: the module is there and knows the options"
    TRUEPEN = "checked: the command is there and knows the options"
    CLUSTER = "checked: what it names is in the chart or in the code"
    OUTSIDE = "checked: the files it names are there; the program is not ours"


RULES = (
    (Answer.CLUSTER, "", r"(?:kubectl|helm) |export \w+=\$\(kubectl"),
    (Answer.SERVES, "", r"truepen serve|python -m services\.\w+$|make serve$"),
    (Answer.MAKE, "", r"make "),
    (Answer.PYTEST, "", r"python -m pytest "),
    (
        Answer.OPERATING,
        r"docs/(?:operating|runbooks/.*)\.md",
        r"(?:grpcurl|curl|truepen|python -c) ",
    ),
    (Answer.README, r"README\.md", r"grpcurl "),
    (Answer.IDENTITY, r"docs/identity\.md", r"grpcurl "),
    (Answer.INTEGRATING, r"docs/integrating\.md", r"(?:protoc|mkdir) |MAPS="),
    (Answer.TRUEPEN, "", r"truepen "),
    (Answer.MODULE, "", r"python -m "),
    (
        Answer.OUTSIDE,
        "",
        r"(?:createdb|docker|nats|npm|npx|pg_dump|pg_restore|pip|sh) ",
    ),
)
"""What answers, the pages whose blocks it answers for (none: all, and inline), and
how the command begins; the first that fits."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a page shows it."""

    page: Path
    text: str
    inline: bool = False

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.text}"


def of(page: Path) -> list[Command]:
    """All that *page* shows, blocks first."""
    text = page.read_text("utf8")
    found = [
        Command(page, command)
        for _, language, body in BLOCK.findall(text)
        if not language
        for command in split(body)
    ]
    prose = BLOCK.sub("", text)
    found += [
        Command(page, span, inline=True)
        for span in INLINE.findall(prose)
        if BEGINS.match(span) and " " in span
    ]
    return found


def split(body: str) -> Iterator[str]:
    """Commands of a block: a line each, unless a quote or a backslash goes on."""
    held = ""
    for line in body.splitlines():
        held = f"{held}\n{line}" if held else NOTE.sub("", line.strip())
        if held.endswith("\\") or held.count("'") % 2:
            continue
        if held.strip():
            yield held.strip()
        held = ""


def answer(command: Command) -> Answer | None:
    """What answers for *command*; None where nothing does."""
    bare = re.sub(r"^(?:[A-Z_]+=[^\s$]* )*(?:\.venv/bin/)?", "", command.text)
    where = "" if command.inline else str(command.page.relative_to(ROOT))
    for by, pages, words in RULES:
        if re.match(pages, where) and re.match(words, bare):
            return by
    return None


def answered(by: Answer, *pages: str) -> list[Command]:
    """Commands that *by* answers for, of pages of those names or of all."""
    return [
        command
        for page in PAGES
        if not pages or page.name in pages
        for command in of(page)
        if answer(command) is by
    ]
