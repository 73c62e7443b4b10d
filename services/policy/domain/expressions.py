"""The one place that knows the CEL engine. Three answers: true, false, abstains.

Two traps of the engine are closed here. Its values are always truthy, whatever they
hold, so only the identity with True counts. Its errors are returned, not raised, and
`||` may hide them, so a rule whose evidence is unknown abstains before the engine is
asked.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from cel_expr_python import cel  # type: ignore[import-untyped]

from services.policy.domain.evidence import Evidence
from services.policy.domain.variables import VARIABLES

MAX_CHARS = 2_000
MAX_NESTING = 20
MACROS = re.compile(r"\.\s*(map|filter|all|exists|exists_one)\s*\(")
MAX_MACROS = 2
MAX_JOINED = 256

CEL_TYPES = {
    "double": cel.Type.DOUBLE,
    "int": cel.Type.INT,
    "bool": cel.Type.BOOL,
    "string": cel.Type.STRING,
    "list(string)": cel.Type.List(cel.Type.STRING),
}


class InvalidExpression(ValueError):
    """The expression is refused at load. `line` and `column` start at 1, 0: unknown."""

    def __init__(self, problem: str, line: int = 0, column: int = 0) -> None:
        super().__init__(problem)
        self.line = line
        self.column = column


class Answer(Enum):
    """What an expression says of the evidence."""

    TRUE = "TRUE"
    FALSE = "FALSE"
    ABSTAINS = "ABSTAINS"


@dataclass(frozen=True, slots=True)
class Opinion:
    """An answer, and why it abstained if it did."""

    answer: Answer
    reason: str = ""


TRUE, FALSE = Opinion(Answer.TRUE), Opinion(Answer.FALSE)


class Facts:
    """The evidence as the engine reads it, prepared once for all rules."""

    def __init__(self, evidence: Evidence, names: tuple[str, ...]) -> None:
        known = {}
        unknown = []
        for name in names:
            value = getattr(evidence, name)
            if value is None:
                unknown.append(name)
            else:
                known[name] = list(value) if type(value) is tuple else value
        self.unknown = frozenset(unknown)
        self.activation = ENVIRONMENT.Activation(known)


class Expression:
    """A compiled, type-checked condition over the variables it needs."""

    def __init__(self, source: str, needs: tuple[str, ...]) -> None:
        """Compile. Raises InvalidExpression."""
        refuse_oversized(source)
        unknown = sorted(set(needs) - VARIABLES.keys())
        if unknown:
            raise InvalidExpression(f"needs names no evidence: {', '.join(unknown)}")
        self.source = source
        self.needs = frozenset(needs)
        declared = {name: CEL_TYPES[VARIABLES[name].kind] for name in needs}
        self._compiled = compile_checked(cel.NewEnv(variables=declared), source)
        refuse_unread(source, needs)

    def ask(self, facts: Facts) -> Opinion:
        """Evaluate; never raises, and never lets an error pass for an answer."""
        if not self.needs.isdisjoint(facts.unknown):
            missing = sorted(self.needs & facts.unknown)
            return Opinion(Answer.ABSTAINS, f"UNKNOWN: {', '.join(missing)}")
        try:
            value = self._compiled.eval(facts.activation).value()
        except Exception as error:  # noqa: BLE001 the engine's own are not typed
            return Opinion(Answer.ABSTAINS, f"ERROR: {error}"[:200])
        return opinion_of(value)


def opinion_of(value: object) -> Opinion:
    """Only CEL's BOOL comes out as Python's True or False; an error is a string."""
    if value is True:
        return TRUE
    if value is False:
        return FALSE
    return Opinion(Answer.ABSTAINS, f"ERROR: {value}"[:200])


class Battery:
    """Many expressions asked at once: one call of the engine instead of many.

    Those whose evidence is known are joined into one list, once for each set of
    unknown names. Where the joined one errs, each is asked by itself.
    """

    def __init__(self, expressions: tuple[Expression, ...]) -> None:
        self._all = expressions
        self.names = tuple(sorted({name for e in expressions for name in e.needs}))
        self._joined: dict[frozenset[str], tuple[tuple[int, ...], Any]] = {}

    def ask(self, evidence: Evidence) -> list[Opinion]:
        """One opinion for each expression, in order. Never raises."""
        facts = Facts(evidence, self.names)
        places, joined = self._joined_for(facts.unknown)
        answers: Any = None
        if joined is not None:
            try:
                answers = joined.eval(facts.activation).plain_value()
            except Exception:  # noqa: BLE001 then each is asked by itself
                answers = None
        if type(answers) is not list or len(answers) != len(places):
            return [expression.ask(facts) for expression in self._all]
        if len(places) == len(self._all):
            return [opinion_of(answer) for answer in answers]
        found = dict(zip(places, answers, strict=True))
        return [
            opinion_of(found[place]) if place in found else expression.ask(facts)
            for place, expression in enumerate(self._all)
        ]

    def _joined_for(self, unknown: frozenset[str]) -> tuple[tuple[int, ...], Any]:
        known = self._joined.get(unknown)
        if known is None:
            known = self._join(unknown)
            if len(self._joined) < MAX_JOINED:
                self._joined[unknown] = known
        return known

    def _join(self, unknown: frozenset[str]) -> tuple[tuple[int, ...], Any]:
        asked = [(p, e) for p, e in enumerate(self._all) if e.needs.isdisjoint(unknown)]
        source = f"[{', '.join(f'({e.source})' for _, e in asked)}]"
        try:
            return tuple(p for p, _ in asked), ENVIRONMENT.compile(source)
        except Exception:  # noqa: BLE001 too deep together is fine one by one
            return (), None


ENVIRONMENT = cel.NewEnv(
    variables={name: CEL_TYPES[v.kind] for name, v in VARIABLES.items()}
)


def compile_checked(environment: Any, source: str) -> Any:
    """Compile *source* to a boolean program, or raise InvalidExpression."""
    try:
        compiled = environment.compile(source)
    except Exception as error:  # noqa: BLE001 the engine's own are not typed
        raise engine_complaint(str(error)) from None
    if compiled.return_type() != cel.Type.BOOL:
        kind = compiled.return_type().name()
        raise InvalidExpression(f"must be true or false, is {kind.lower()}")
    return compiled


def engine_complaint(message: str) -> InvalidExpression:
    """The engine's message without its decoration, with line and column."""
    place = re.search(r"<input>:(\d+):(\d+): ([^\n]+)", message)
    if place is None:
        return InvalidExpression(message.partition("\n")[0][:200])
    line, column, problem = place.groups()
    problem = problem.replace(" (in container '')", "")
    return InvalidExpression(problem[:200], int(line), int(column))


def refuse_oversized(source: str) -> None:
    """Bound size, nesting and iteration before the parser sees anything."""
    if len(source) > MAX_CHARS:
        raise InvalidExpression(f"has more than {MAX_CHARS} characters")
    depth = deepest = 0
    for character in source:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    if deepest > MAX_NESTING:
        raise InvalidExpression(f"is nested more than {MAX_NESTING} deep")
    if len(MACROS.findall(source)) > MAX_MACROS:
        raise InvalidExpression(f"iterates more than {MAX_MACROS} times")


def refuse_unread(source: str, needs: tuple[str, ...]) -> None:
    """A need that is never read would make a rule abstain for nothing."""
    words = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", source))
    unread = sorted(set(needs) - words)
    if unread:
        raise InvalidExpression(f"needs {', '.join(unread)} but never reads it")
