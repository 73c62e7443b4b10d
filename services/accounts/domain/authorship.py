"""Do an account's texts, taken together, read like people's or like a tool's?

One text says little; the mean over an account says more, once it is known how
far people's means lie apart. docs/behaviour.md gives the fit.
"""

from dataclasses import dataclass
from math import log, sqrt

from services.accounts.domain.arrays import Floats
from services.accounts.domain.moments import mean as mean_of


@dataclass(frozen=True, slots=True)
class AuthorshipModel:
    """Two normals for the mean of an account's log ratios.

    `people_spread` is between people, populations not seen yet included,
    `tool_spread` between accounts run by AI; `text_spread` is within an
    account, and `correlation` that of its texts' errors.
    """

    people_mean: float
    people_spread: float
    tool_mean: float
    tool_spread: float
    text_spread: float
    correlation: float
    floor: float
    cap: float

    def log_likelihood_ratio(self, ratios: Floats) -> float:
        """Capped log ratio of an AI-run account against a person."""
        n = len(ratios)
        # Texts milder than people's mean are a person's, not less than that.
        mean = max(mean_of(ratios), self.people_mean)
        noise = self.text_spread**2 * (self.correlation + (1 - self.correlation) / n)
        people = sqrt(self.people_spread**2 + noise)
        tools = sqrt(self.tool_spread**2 + noise)
        far, near = (mean - self.people_mean) / people, (mean - self.tool_mean) / tools
        found = log(people / tools) + 0.5 * (far**2 - near**2)
        return max(self.floor, min(self.cap, found))
