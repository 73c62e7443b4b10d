"""Numbers that `services.accounts.fitting` found. docs/behaviour.md says how."""

from math import log

from services.accounts.domain.authorship import AuthorshipModel
from services.accounts.domain.linear import LinearModel, Term
from services.accounts.domain.reliance import RelianceModel

TEMPO = LinearModel(
    terms={
        "MEDIAN_GAP": Term(0.133, 0.101, 0.218, 0.0, 0.871),
        "SHORT_GAP_SHARE": Term(0.63, 0.157, 0.148, -1.452, -1.28),
        "QUICK_RETURN": Term(0.229, 0.15, 0.255, -1.525, 0.0),
        "HOUR_CLUMPING": Term(0.278, 0.136, 0.229, 0.0, -1.075),
        "ENTROPY_RATE": Term(0.501, 0.098, 0.173, -1.194, -0.363),
        "NIGHT_REST": Term(1.494, 0.955, 1.346, -2.15, 0.0),
        "BURST_SHARE": Term(0.0, 0.2, 0.2, 0.0, 2.256),
    },
    intercept=-7.267,
    floor=-log(4.0),
    cap=log(100.0),
)
TEMPLATE = LinearModel(
    terms={
        "LENGTH_VARIATION": Term(0.577, 0.224, 0.632, -0.45, -1.761),
        "LENGTH_SPREAD": Term(0.824, 0.368, 0.859, 0.0, -0.065),
        "LENGTH_FLOOR": Term(0.474, 0.234, 0.189, 1.068, 0.206),
        "SHORT_SHARE": Term(0.125, 0.2, 0.228, 0.0, -0.646),
        "STOP_SHARE": Term(0.19, 0.2, 0.534, 0.511, 0.862),
        "ASK_SHARE": Term(0.115, 0.2, 0.219, 0.288, 1.008),
        "SENTENCE_SHARE": Term(0.083, 0.2, 0.41, 0.682, 0.0),
        "EXACT_REUSE": Term(0.0, 0.2, 0.2, 0.0, 1.141),
        "NEAR_REUSE": Term(0.0, 0.2, 0.2, 0.0, 0.302),
        "OPENING_REUSE": Term(0.0, 0.2, 0.2, 0.0, 0.701),
    },
    intercept=-1.713,
    floor=-log(10.0),
    cap=log(100.0),
)
# Of the packaged detector; each new model needs its own.
AUTHORSHIP = AuthorshipModel(
    people_mean=-1.894,
    people_spread=0.400,
    tool_mean=-0.621,
    tool_spread=0.654,
    text_spread=0.815,
    correlation=0.095,
    floor=-log(5.0),
    cap=log(20.0),
)
RELIANCE = RelianceModel(
    none=0.85,
    all=0.03,
    style_cap=log(20.0),
    slope=1.0,
    # The worst population are texts that a machine polished or rewrote (ImBD).
    intercept=-1.56,
    correlation=0.092,
    # .32 within two populations; more here, for populations not seen yet.
    offset=0.4,
    voice_mean=-1.584,
    voice_spread=0.999,
)
