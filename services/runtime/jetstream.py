"""NATS JetStream: messages taken until they are done with, and messages told once.

A connection that breaks is made again for as long as the process runs; what was
not acknowledged comes again, so whoever takes must bear repeats.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js.errors import BadRequestError, NotFoundError
from nats.js.errors import Error as JetStreamError

from services.runtime.background import keep_on
from services.runtime.errors import DependencyUnavailable, StorageFull
from services.runtime.settings import RuntimeSettings

log = structlog.get_logger()

CONNECT_TIMEOUT = 5
RECONNECT_WAIT = 0.5
REPLY_TIMEOUT = 5.0
FETCH_WAIT = 5.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 10.0
STREAM_FULL = 10077  # "maximum messages/bytes exceeded"
FAULTS = (nats.errors.Error, JetStreamError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlan:
    """A stream to make where there is none; one that exists is left as it is."""

    name: str
    subjects: tuple[str, ...]
    max_age: float
    """Seconds after which a message is dropped."""
    max_bytes: int
    once_within: float = 120.0
    """Seconds for which a message with the same id is taken for a repeat."""
    until_done: bool = False
    """A message goes once it is done with; a full stream refuses new ones."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that was delivered, perhaps not for the first time."""

    data: bytes
    headers: Mapping[str, str]
    place: str
    """`stream:sequence`, the same each time it is delivered."""
    attempts: int
    message: Msg

    async def done(self) -> None:
        """Say that it needs to come no more."""
        await self.message.ack()

    async def working(self) -> None:
        """Ask for as much time again as it had."""
        await self.message.in_progress()

    async def again(self, seconds: float) -> None:
        """Ask for it again after *seconds*."""
        await self.message.nak(delay=seconds)

    async def give_up(self, reason: str) -> None:
        """Say that it can never be done; the server's advisory names the reason."""
        # The client has no way to give a reason; the protocol has.
        await self.message._client.publish(  # noqa: SLF001
            self.message.reply, f"+TERM {reason}".encode()
        )


Work = Callable[[Sequence[Delivery]], Awaitable[None]]


class JetStream:
    """A connection and what is done over it."""

    def __init__(self, client: Client, domain: str) -> None:
        self._client = client
        self._streams: JetStreamContext = client.jetstream(
            timeout=REPLY_TIMEOUT, **({"domain": domain} if domain else {})
        )

    async def ensure(self, plan: StreamPlan) -> None:
        """Make the stream of *plan* unless one of that name exists."""
        try:
            await self._streams.stream_info(plan.name)
        except NotFoundError:
            until_done = plan.until_done
            config = api.StreamConfig(
                name=plan.name,
                subjects=list(plan.subjects),
                max_age=plan.max_age,
                max_bytes=plan.max_bytes,
                duplicate_window=min(plan.once_within, plan.max_age),
                storage=api.StorageType.FILE,
                retention=(
                    api.RetentionPolicy.WORK_QUEUE
                    if until_done
                    else api.RetentionPolicy.LIMITS
                ),
                discard=api.DiscardPolicy.NEW if until_done else api.DiscardPolicy.OLD,
            )
            try:
                await self._streams.add_stream(config)
            except BadRequestError:  # another replica made it, or it overlaps
                await self._streams.stream_info(plan.name)

    async def publish(
        self, subject: str, data: bytes, *, once: str, headers: Mapping[str, str]
    ) -> None:
        """Return once the server stored the message, or knows its id *once* already.

        Raises StorageFull where the stream has no room, DependencyUnavailable
        where the server did not answer.
        """
        sent = {**headers, "Nats-Msg-Id": once}
        try:
            await self._streams.publish(
                subject, data, timeout=REPLY_TIMEOUT, headers=sent
            )
        except JetStreamError as error:
            if getattr(error, "err_code", None) == STREAM_FULL:
                raise StorageFull("stream") from error
            raise DependencyUnavailable("nats") from error
        except FAULTS as error:
            raise DependencyUnavailable("nats") from error

    async def take(
        self, stream: str, subject: str, consumer: str, how: "Taking", work: Work
    ) -> None:
        """Have *work* done on what comes to the durable *consumer*, until cancelled."""
        config = api.ConsumerConfig(
            durable_name=consumer,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=how.ack_wait,
            max_ack_pending=how.max_pending,
            max_deliver=-1,
        )
        taken = await self._streams.pull_subscribe(
            subject, durable=consumer, stream=stream, config=config
        )
        while True:
            try:
                messages = await taken.fetch(how.batch, timeout=FETCH_WAIT)
            except TimeoutError:  # nothing came; nats' own is one as well
                continue
            await work([_delivery(message) for message in messages])


@dataclass(frozen=True, slots=True)
class Taking:
    """How many messages at once, how long each may take, how many may be out."""

    batch: int
    ack_wait: float
    max_pending: int


@asynccontextmanager
async def connected(settings: RuntimeSettings, name: str) -> AsyncIterator[JetStream]:
    """Connect, trying for as long as it takes."""
    pause = FIRST_PAUSE
    credentials = str(settings.nats_credentials) if settings.nats_credentials else None
    tls = None
    if settings.nats_ca is not None:
        tls = ssl.create_default_context(cafile=str(settings.nats_ca))
    while True:
        try:
            client = await nats.connect(
                [url.strip() for url in settings.nats_url.split(",")],
                name=name,
                connect_timeout=CONNECT_TIMEOUT,
                reconnect_time_wait=RECONNECT_WAIT,
                max_reconnect_attempts=-1,
                allow_reconnect=True,
                error_cb=_note,
                user_credentials=credentials,
                tls=tls,
            )
            break
        except FAULTS as error:
            log.warning("nats unavailable", error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
    try:
        yield JetStream(client, settings.nats_domain)
    finally:
        await client.close()


async def reconnecting(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do *work* until cancelled; what breaks on the way to the server begins anew."""

    def broke(error: Exception, pause: float) -> None:
        kind = type(error).__name__
        log.warning("bus interrupted", work=name, error=kind, pause_s=pause)

    faults = (*FAULTS, DependencyUnavailable, StorageFull)
    await keep_on(work, faults, broke, LONGEST_PAUSE)


def _delivery(message: Msg) -> Delivery:
    about = message.metadata
    place = f"{about.stream}:{about.sequence.stream}"
    headers = message.headers or {}
    return Delivery(message.data, headers, place, about.num_delivered or 1, message)


async def _note(error: Exception) -> None:
    log.warning("nats", error=type(error).__name__)
