"""Log lines: JSON for machines, colours for people, never message bodies."""

import json
import sys
import time
from typing import Literal, TextIO

import structlog
from structlog.contextvars import get_contextvars
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor

Format = Literal["auto", "json", "text"]


def configure_logs(
    form: Format = "auto", level: str = "info", out: TextIO | None = None
) -> None:
    """Send log lines of *level* and above to *out*, standard error by default.

    Standard output stays free for what a command was asked to print.
    """
    out = out or sys.stderr
    text = form == "text" or (form == "auto" and out.isatty())
    structlog.configure(
        processors=_text(out) if text else [JsonLine()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )


def _text(out: TextIO) -> list[Processor]:
    # The default formatter shows local variables, which hold requests.
    plain = structlog.dev.plain_traceback
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain),
    ]


class JsonLine:
    """Renders a line: what was bound, what was said, its level and the time.

    One processor does what five would: a line a call is most of what a call
    that is answered from memory costs.
    """

    def __init__(self) -> None:
        # The encoder is made once, and in C.
        self._encode = json.JSONEncoder(
            ensure_ascii=False, check_circular=False, default=repr
        ).encode
        self._frames = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        self._second, self._prefix = 0, ""

    def __call__(self, logger: object, level: str, event: EventDict) -> str:
        """Return *event* as one JSON object."""
        line = {**get_contextvars(), **event}
        line["level"] = "error" if level == "exception" else level
        line["timestamp"] = self._now()
        if "exc_info" in line:
            line = dict(self._frames(logger, level, line))
        return self._encode(line)

    def _now(self) -> str:
        """Return the time, RFC 3339 in UTC; of most lines the second is known."""
        second, microsecond = divmod(time.time_ns() // 1000, 1_000_000)
        if second != self._second:
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._prefix}.{microsecond:06d}Z"
