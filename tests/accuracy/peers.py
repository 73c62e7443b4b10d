"""Other detectors, each asked through a command of its own.

A peer lives in an environment of its own and under a licence of its own, so it
is never imported. Its command reads lines {"text"} on standard input and writes
as many lines {"score"}, in order, a larger score meaning machine. Ours for
is-it-slop is `peer_is_it_slop.py`.
"""

import json
import shlex
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.accuracy.remembered import Memory, Row

AT_ONCE: Final = 500  # texts that one start of the command is asked about


class PeerFault(Exception):
    """A peer's command cannot be run, or does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another detector, for texts of one language."""

    lang: str
    name: str
    command: str

    def scores(
        self,
        texts: Sequence[str],
        memory: Memory,
        advance: Callable[[int], None] = lambda _: None,
    ) -> list[float]:
        """Score *texts*; PeerFault where the peer fails."""
        found: list[float] = []
        for start in range(0, len(texts), AT_ONCE):
            some = texts[start : start + AT_ONCE]
            rows = memory.asked(f"peer {self.name}: {self.command}", some, self._ask)
            found += [score for (score,) in rows]
            advance(len(some))
        return found

    def _ask(self, texts: Sequence[str]) -> Iterable[Row]:
        asked = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        try:
            ended = subprocess.run(
                shlex.split(self.command),
                input=asked,
                capture_output=True,
                text=True,
                check=True,
            )
            rows = [
                (float(json.loads(line)["score"]),)
                for line in ended.stdout.splitlines()
            ]
        except OSError as error:
            raise PeerFault(f"{self.name}: {error}") from error
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            told = f"{self.name} ended with {error.returncode}: {said[0]}"
            raise PeerFault(told) from error
        except (KeyError, TypeError, ValueError) as error:
            raise PeerFault(f"{self.name} wrote no scores: {error}") from error
        if len(rows) != len(texts):
            told = f"{self.name} wrote {len(rows)} lines for {len(texts)} texts"
            raise PeerFault(told)
        return rows
