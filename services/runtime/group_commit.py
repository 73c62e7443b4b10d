"""One writer thread; transactions that wait together share one fsync."""

import contextvars
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

MAX_GROUP = 64


@dataclass(slots=True)
class _Job:
    """A write that waits, and where its result goes."""

    write: Callable[[Connection], Any]
    context: contextvars.Context
    future: Future[Any] = field(default_factory=Future)


class GroupCommit:
    """Runs writes in the order they came, acknowledged only once durable.

    Those that wait while a commit runs form the next group: one transaction,
    a savepoint each. A write that raises undoes itself alone; where the
    commit fails, every write of the group fails and nothing was kept.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="db-write", daemon=True)
        self._thread.start()

    def submit(self, write: Callable[[Connection], Any]) -> Future[Any]:
        """Queue *write*; the future resolves after its commit."""
        job = _Job(write, contextvars.copy_context())
        self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Finish what is queued, then end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            group = [job]
            last = False
            while len(group) < MAX_GROUP and not self._jobs.empty():
                following = self._jobs.get()
                if following is None:
                    last = True
                    break
                group.append(following)
            # A caller that left before its turn has no write to make.
            waiting = [j for j in group if j.future.set_running_or_notify_cancel()]
            if waiting:
                self._commit(waiting)
            if last:
                return

    def _commit(self, group: list[_Job]) -> None:
        outcomes: list[Callable[[], None]] = []
        try:
            with self._engine.begin() as connection:
                if len(group) == 1:
                    job = group[0]
                    result = job.context.run(job.write, connection)
                    outcomes.append(lambda: job.future.set_result(result))
                else:
                    outcomes.extend(_in_savepoint(connection, job) for job in group)
        except BaseException as error:  # noqa: BLE001  # the callers re-raise it
            for job in group:
                job.future.set_exception(error)
        else:
            for settle in outcomes:
                settle()


def _in_savepoint(connection: Connection, job: _Job) -> Callable[[], None]:
    """Run *job* apart from its neighbours; return how to tell its caller."""
    savepoint = connection.begin_nested()
    try:
        result = job.context.run(job.write, connection)
    except Exception as error:  # the caller re-raises it
        if not _open(connection):  # SQLite gave up all of it, as on a full disk
            raise
        failure = error  # the name `error` is unbound after this block
        savepoint.rollback()
        return lambda: job.future.set_exception(failure)
    savepoint.commit()
    return lambda: job.future.set_result(result)


def _open(connection: Connection) -> bool:
    """Say whether SQLite still has the transaction of the group open."""
    raw: Any = connection.connection.driver_connection
    return bool(raw.in_transaction)
