"""Numbers that `services.accounts.fitting` found. docs/behaviour.md says how."""

from math import log

from services.accounts.domain.linear import LinearModel, Term
from services.accounts.domain.reliance import RelianceModel

VERSION = "2026.11.0"

TEMPO = LinearModel(
    terms={
        "BURSTINESS": Term(0.47, 0.20, -0.6),
        "CONDITIONAL_ENTROPY": Term(1.80, 0.40, -0.5),
        "HOUR_ENTROPY": Term(0.75, 0.10, 0.6),
        "LONGEST_QUIET_RUN": Term(11.0, 4.0, -0.6),
    },
    intercept=-1.0,
    shrink=0.8,
    floor=-log(10.0),
    cap=log(50.0),
)
TEMPLATE = LinearModel(
    terms={
        "LENGTH_VARIATION": Term(0.52, 0.13, -0.9),
        "EXACT_REUSE": Term(0.0, 0.15, 0.9),
        "NEAR_REUSE": Term(0.0, 0.15, 0.9),
        "OPENING_REUSE": Term(0.07, 0.10, 0.4),
    },
    intercept=-1.0,
    shrink=0.8,
    floor=-log(10.0),
    cap=log(50.0),
)
RELIANCE = RelianceModel(
    none=0.85,
    all=0.03,
    style_cap=log(20.0),
    slope=0.8,
    intercept=-0.2,
    correlation=0.12,
    offset=0.6,
    voice_mean=-1.5,
    voice_spread=1.5,
)
