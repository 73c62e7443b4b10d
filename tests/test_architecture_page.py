"""docs/architecture.md is true: its drawing, and where it says code lies."""

import ast
import re
from pathlib import Path

import pytest

from tests.suite.running import METHODS

ROOT = Path(__file__).parents[1]
SERVICES = ROOT / "services"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf8")
GUESSES = PAGE.partition("## Where the code of an RPC is")[2].partition("What runs")[0]
ARROW = re.compile(r"^  (\w+) (?:-->|-\.->)(?:\|([^|]*)\|)? (\w+)$", re.MULTILINE)
RPC = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")
CALL = re.compile(r"self\._(?:stub|accounts|reports)\.([A-Z]\w+)\(")


def rows() -> list[tuple[Path, list[str], str, str, str, list[str]]]:
    """Folder, RPCs, wire, use case, its function, and what follows, of each row."""
    found = []
    folder = SERVICES
    for line in GUESSES.splitlines():
        if heading := re.match(r"### .*`(services/\w+/)`", line):
            folder = ROOT / heading[1]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or "`" not in cells[0]:
            continue
        rpcs, wire, case, then = (re.findall(r"`([^`]+)`", cell) for cell in cells)
        found.append((folder, rpcs, wire[0], case[0], case[1], then))
    return found


def defined(path: Path) -> set[str]:
    """Names of all functions in a module, methods included."""
    tree = ast.parse(path.read_text("utf8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def drawn() -> dict[tuple[str, str], set[str]]:
    """What each arrow of the drawing carries, by its ends."""
    found: dict[tuple[str, str], set[str]] = {}
    for start, label, end in ARROW.findall(PAGE):
        found.setdefault((start, end), set()).update(RPC.findall(label))
    return found


def called(module: str) -> set[str]:
    """RPCs of the next service that a `clients.py` calls."""
    return set(CALL.findall((SERVICES / module).read_text("utf8")))


def test_every_rpc_has_one_row_and_no_other_is_named() -> None:
    named = [rpc for _, rpcs, *_ in rows() for rpc in rpcs]

    assert sorted(named) == sorted(m.name for m in METHODS)


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[1][0]))
def test_the_code_of_an_rpc_is_where_the_page_says(
    row: tuple[Path, list[str], str, str, str, list[str]],
) -> None:
    folder, rpcs, wire, case, function, then = row

    assert set(rpcs) <= defined(folder / wire)
    assert function in defined(folder / case)
    assert [place for place in then if not (folder / place).exists()] == []


def test_the_page_names_only_what_is_there() -> None:
    named = re.findall(r"`(services/[\w/.]+)`", PAGE)

    assert [place for place in named if not (ROOT / place).exists()] == []


def test_arrows_between_services_are_what_their_clients_call() -> None:
    arrows = drawn()
    ends = ("enforcement", "worker")

    asked = {rpc for end in ends for rpc in arrows.get((end, "edge"), set())}
    followed = arrows[("edge", "worker")]
    assert asked | followed == called("policy/clients.py")
    assert {rpc for rpc in asked | followed if rpc.startswith("Watch")} == followed
    assert arrows[("scoring", "assess")] == called("accounts/clients.py")


def test_no_arrow_goes_against_the_line() -> None:
    policy, accounts = {"enforcement", "worker"}, {"edge", "scoring"}
    calls = {
        (start, end)
        for start, _, end in re.findall(
            r"^  (\w+) -->(\|[^|]*\|)? (\w+)$", PAGE, re.MULTILINE
        )
    }

    assert {s for s, e in calls if e in accounts} <= policy | {"platform"}
    assert {s for s, e in calls if e == "assess"} <= accounts
    assert {s for s, e in calls if e in policy} == {"platform"}


def test_the_platform_calls_and_follows_what_exists() -> None:
    known = {m.name for m in METHODS}
    named = {rpc for rpcs in drawn().values() for rpc in rpcs} - {"JetStream"}

    assert named <= known
