"""A suite of a command's own: fresh data, a free port, the caller's clock."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import grpc
from pydantic import SecretStr

from services.accounts.settings import AccountsSettings
from services.detector.settings import DetectorSettings
from services.policy.settings import PolicySettings
from services.runtime.logs import configure_logs
from services.runtime.process import wire
from services.runtime.settings import RuntimeSettings
from services.suite import SuiteSettings, suite

MAX_MESSAGE_BYTES = 64 * 2**20
SCORE_SECONDS = 300.0


@asynccontextmanager
async def embedded_suite(
    effective_time: datetime, step_interval: float | None = None
) -> AsyncIterator[grpc.aio.Channel]:
    """Serve all three services on fresh data, and connect over real gRPC.

    Everything is forgotten at the end. Time is what each call says it is, and
    nothing is evaluated but on demand, so that the same input gives the same
    outcome. *step_interval*, in seconds, replaces the ladder's waiting time.
    """
    configure_logs("auto", "error")
    with tempfile.TemporaryDirectory(prefix="truepen-") as folder:
        settings = SuiteSettings(
            RuntimeSettings(
                port=0,
                data_dir=Path(folder),
                clock="caller",
                grace_s=1,
                max_message_bytes=MAX_MESSAGE_BYTES,
                admission=False,  # it has one caller, who can wait
            ),
            DetectorSettings(max_delay_s=SCORE_SECONDS),
            AccountsSettings(
                durable=False,  # a power cut ends the command too
                effective_time=effective_time,
                # Forgotten with the data; a random one would vary likenesses.
                fingerprint_key=SecretStr("the key of a replay"),
                # A busy machine must not change what is judged: every text is
                # scored before its account is looked at, however long it takes.
                # Nor may the detector, above, refuse what would wait long.
                score_timeout_s=SCORE_SECONDS,
                score_lease_s=2 * SCORE_SECONDS,
            ),
            PolicySettings(
                worker=False,
                effective_time=effective_time,
                step_interval=step_interval,
            ),
        )
        options = [("grpc.max_receive_message_length", MAX_MESSAGE_BYTES)]
        async with (
            suite(settings, wire(settings.runtime)) as server,
            grpc.aio.insecure_channel(
                f"127.0.0.1:{server.port}", options=options
            ) as channel,
        ):
            yield channel
