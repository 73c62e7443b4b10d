"""Numbers that `services.accounts.fitting` found. docs/behaviour.md says how."""

from math import log

from services.accounts.domain.authorship import AuthorshipModel
from services.accounts.domain.linear import LinearModel, Term
from services.accounts.domain.reliance import RelianceModel

VERSION = "2026.11.0"

TEMPO = LinearModel(
    terms={
        "BURSTINESS": Term(0.49, 0.233, 0.234, -0.872, -0.707, -0.225),
        "CONDITIONAL_ENTROPY": Term(2.153, 0.469, 0.454, -0.842, -0.044, -0.046),
        "HOUR_ENTROPY": Term(0.774, 0.086, 0.086, -0.211, 1.189, 0.186),
        "QUIET_SHARE": Term(0.247, 0.116, 0.254, -0.655, 0.135, -0.21),
        "BURST_SHARE": Term(0.0, 0.02, 0.031, 0.0, 0.228, 0.301),
    },
    intercept=-2.707,
    shrink=0.9,
    floor=-log(10.0),
    cap=log(50.0),
)
TEMPLATE = LinearModel(
    terms={
        "LENGTH_VARIATION": Term(0.365, 0.125, 0.187, -1.311, -0.14, 0.029),
        "LENGTH_SPREAD": Term(0.485, 0.196, 0.32, -0.448, 0.076, 0.207),
        "LENGTH_FLOOR": Term(0.615, 0.159, 0.145, -0.141, 0.378, -0.179),
        "EXACT_REUSE": Term(0.0, 0.2, 0.2, 0.0, 0.543, 0.19),
        "NEAR_REUSE": Term(0.0, 0.2, 0.2, 0.0, 0.397, -0.003),
        "OPENING_REUSE": Term(0.062, 0.2, 0.2, -0.384, 0.134, -0.001),
        "SHAPE_REUSE": Term(0.955, 0.39, 0.2, -1.504, -0.198, 0.5),
    },
    intercept=-2.746,
    shrink=0.9,
    floor=-log(10.0),
    cap=log(50.0),
)
# Of the packaged detector; each new model needs its own.
AUTHORSHIP = AuthorshipModel(
    people_mean=-1.4,
    people_spread=0.4,
    tool_mean=-0.4,
    tool_spread=0.85,
    text_spread=0.85,
    correlation=0.10,
    floor=-log(5.0),
    cap=log(20.0),
)
RELIANCE = RelianceModel(
    none=0.85,
    all=0.03,
    style_cap=log(20.0),
    slope=1.0,
    intercept=-0.22,
    correlation=0.10,
    # .25 within two populations; more here, for populations not seen yet.
    offset=0.4,
    voice_mean=-1.4,
    voice_spread=0.85,
)
