"""Log lines: JSON for machines, colours for people, never message bodies."""

import json
import sys
from typing import Literal, TextIO

import structlog
from structlog.processors import ExceptionRenderer, JSONRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

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
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_text(out) if text else _json()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )


def _text(out: TextIO) -> list[Processor]:
    # The default formatter shows local variables, which hold requests.
    plain = structlog.dev.plain_traceback
    return [
        structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=plain)
    ]


def _json() -> list[Processor]:
    frames = ExceptionDictTransformer(show_locals=False)
    # An encoder made once halves what a line costs.
    encode = json.JSONEncoder(ensure_ascii=False, default=repr).encode
    render = JSONRenderer(serializer=lambda event, **_: encode(event))
    return [ExceptionRenderer(frames), render]
