"""Whatever parses is answered with a status that says what to do."""

import asyncio
import sys
from collections import Counter
from pathlib import Path

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from tests.suite.fuzz import request
from tests.suite.plausible import Pool
from tests.suite.running import (
    METHODS,
    call,
    refusal,
    running,
    status_of,
    suite_settings,
)

AT_ONCE = 6
NEVER = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}


async def outcome(
    channel: grpc.aio.Channel, method: MethodDescriptor, seed: int, pool: Pool
) -> str:
    """Send request *seed* to *method*; the code it ends with, checked for details."""
    sent = request(method, seed, pool)
    try:
        pool.learn(method.full_name, await call(channel, method, sent))
    except grpc.aio.AioRpcError as error:
        check_refusal(method, sent, error)
        return error.code().name
    return "OK"


def check_refusal(
    method: MethodDescriptor, sent: Message, error: grpc.aio.AioRpcError
) -> None:
    """Each refusal is a precise status with one ErrorInfo, and never a bug."""
    about = method.full_name, str(sent)[:2_000], error.code(), error.details()
    assert error.code() not in NEVER, about
    status = status_of(error)
    assert status is not None, about
    kinds = [detail.TypeName() for detail in status.details]
    assert kinds.count("google.rpc.ErrorInfo") == 1, about
    if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
        explain_field(status)


def explain_field(status: status_pb2.Status) -> None:
    """An InvalidField names the field and the problem."""
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    if info.reason == "INVALID_FIELD":
        assert all(v.field and v.description for v in bad.field_violations)
        assert bad.field_violations


async def attack(folder: Path, seeds: range) -> dict[str, Counter[str]]:
    """Send each seed to each method, in turns; how many ended how, by method."""
    pool = Pool()
    ended: dict[str, Counter[str]] = {m.full_name: Counter() for m in METHODS}
    async with running(suite_settings(folder)) as channel:
        for group in (seeds[i : i + AT_ONCE] for i in range(0, len(seeds), AT_ONCE)):
            for method in METHODS:
                codes = (outcome(channel, method, seed, pool) for seed in group)
                ended[method.full_name].update(await asyncio.gather(*codes))
    return ended


def reached(ended: Counter[str]) -> float:
    """Return the share that came past the checks of the edge to a use case.

    What a use case refuses because of a field counts as not having come there.
    """
    return 1 - ended["INVALID_ARGUMENT"] / ended.total()


def report(ended: dict[str, Counter[str]]) -> None:
    """Print how each method's requests ended; `pytest -s` shows it."""
    for method, codes in ended.items():
        told = ", ".join(f"{code} {count}" for code, count in codes.most_common())
        sys.stderr.write(f"{method}: {reached(codes):.0%} reached; {told}\n")
    total: Counter[str] = sum(ended.values(), Counter())
    sys.stderr.write(f"{total.total()} requests, {reached(total):.0%} reached\n")


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(6), id="few"),
        pytest.param(range(1_000, 1_200), id="many", marks=pytest.mark.slow),
        pytest.param(range(10_000, 20_000), id="all", marks=pytest.mark.soak),
    ],
)
async def test_no_request_that_parses_ends_in_a_bug(
    tmp_path: Path, seeds: range
) -> None:
    ended = await attack(tmp_path, seeds)
    report(ended)

    assert all(codes.total() == len(seeds) for codes in ended.values())
    assert reached(sum(ended.values(), Counter())) >= 0.3


async def test_an_empty_request_is_refused_by_field_or_answered(
    tmp_path: Path,
) -> None:
    async with running(suite_settings(tmp_path)) as channel:
        for method in METHODS:
            empty = message_factory.GetMessageClass(method.input_type)()
            if "once" in method.input_type.fields_by_name:
                setattr(empty, "once", True)  # noqa: B010
            error = await refusal(channel, method, empty)
            if error is not None:
                assert error.code() not in NEVER, (method.full_name, error.details())
                assert status_of(error) is not None
