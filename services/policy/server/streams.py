"""What the streams of a process share."""

from dataclasses import dataclass

from services.policy.feeds import Pace
from services.runtime.bell import Bell
from services.runtime.calls import Shutdown
from services.runtime.paging import Tokens


@dataclass(frozen=True, slots=True)
class Streams:
    """How streams seal cursors, wake up, say that they live, and end."""

    tokens: Tokens
    bell: Bell
    pace: Pace
    shutdown: Shutdown
