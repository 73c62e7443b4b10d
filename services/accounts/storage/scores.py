"""What models said, one row a text and model. Never changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, tuple_

from services.accounts.domain.activities import Score, Verdict
from services.accounts.domain.times import from_us, to_us
from services.accounts.storage.activities import CHUNK, Key
from services.accounts.storage.rows import ScoreRow, table
from services.runtime.database import insert_ignore

SCORES = table(ScoreRow)
COLUMNS = (
    SCORES.c.account,
    SCORES.c.activity,
    SCORES.c.content,
    SCORES.c.text_us,
    SCORES.c.log_likelihood_ratio,
    SCORES.c.ai_probability,
    SCORES.c.verdict,
    SCORES.c.language,
    SCORES.c.chars_scored,
    SCORES.c.model_digest,
    SCORES.c.score_us,
    SCORES.c.shadow,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, and the activity that brought the text it is of."""

    account: str
    activity: str
    score: Score

    @property
    def key(self) -> Key:
        """Account and id of the activity."""
        return self.account, self.activity


def append(connection: Connection, scored: Sequence[Scored]) -> None:
    """Add *scored*; what a model said before about a text stands."""
    rows = [
        {
            "account": item.account,
            "activity": item.activity,
            "content": item.score.activity_id,
            "text_us": to_us(item.score.text_time),
            "log_likelihood_ratio": item.score.log_likelihood_ratio,
            "ai_probability": item.score.ai_probability,
            "verdict": item.score.verdict.value,
            "language": item.score.language,
            "chars_scored": item.score.chars_scored,
            "model_digest": item.score.model_digest,
            "score_us": to_us(item.score.score_time),
            "shadow": item.score.shadow,
        }
        for item in scored
    ]
    insert_ignore(connection, SCORES, rows)


def of_account(
    connection: Connection, account: str, until_us: int | None = None
) -> list[Score]:
    """Return scores of texts of *account* from up to and with *until_us*."""
    query = select(*COLUMNS).where(SCORES.c.account == account)
    if until_us is not None:
        query = query.where(SCORES.c.text_us <= until_us)
    return [_read(row).score for row in connection.execute(query)]


def of_activities(
    connection: Connection, keys: Collection[Key]
) -> dict[Key, list[Score]]:
    """Return the scores of each of *keys* that has any."""
    found: dict[Key, list[Score]] = defaultdict(list)
    by_key = tuple_(SCORES.c.account, SCORES.c.activity)
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        query = select(*COLUMNS).where(by_key.in_(ordered[start : start + CHUNK]))
        for row in connection.execute(query.order_by(SCORES.c.model_digest)):
            item = _read(row)
            found[item.key].append(item.score)
    return found


def _read(row: Iterable[Any]) -> Scored:
    account, activity, content, text_us, ratio, probability, verdict, *rest = row
    language, chars, digest, score_us, shadow = rest
    score = Score(
        activity_id=content,
        text_time=from_us(text_us),
        log_likelihood_ratio=ratio,
        ai_probability=probability,
        verdict=Verdict(verdict),
        language=language,
        chars_scored=chars,
        model_digest=digest,
        score_time=from_us(score_us),
        shadow=bool(shadow),
    )
    return Scored(account, activity, score)
