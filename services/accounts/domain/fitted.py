"""Numbers that `services.accounts.fitting` found. docs/behaviour.md says how."""

from math import log

from services.accounts.domain.linear import LinearModel, Term
from services.accounts.domain.reliance import RelianceModel

VERSION = "2026.11.0"

TEMPO = LinearModel(
    terms={
        "BURSTINESS": Term(0.490, 0.234, -0.956),
        "CONDITIONAL_ENTROPY": Term(2.153, 0.455, -0.876),
        "HOUR_ENTROPY": Term(0.774, 0.084, 0.536),
        "QUIET_SHARE": Term(0.247, 0.177, -0.325),
        "MODAL_GAP_SHARE": Term(0.034, 0.023, 0.090),
    },
    intercept=-1.609,
    shrink=0.8,
    floor=-log(10.0),
    cap=log(50.0),
)
TEMPLATE = LinearModel(
    terms={
        "LENGTH_VARIATION": Term(0.365, 0.163, -0.299),
        "LENGTH_FLOOR": Term(0.615, 0.157, 0.231),
        "EXACT_REUSE": Term(0.0, 0.2, 0.630),
        "NEAR_REUSE": Term(0.0, 0.2, 0.219),
        "HASHTAG_USE": Term(0.104, 0.5, 0.585, relative=True),
    },
    intercept=-0.628,
    shrink=0.8,
    floor=-log(10.0),
    cap=log(50.0),
)
RELIANCE = RelianceModel(
    none=0.85,
    all=0.03,
    style_cap=log(20.0),
    slope=1.0,
    intercept=-0.22,
    correlation=0.10,
    # Twice and more what the weakest shipped arm shows (.12): authors differ by
    # more the more a detector sees.
    offset=0.4,
    voice_mean=-0.39,
    voice_spread=0.29,
)
