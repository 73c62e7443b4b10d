"""Whatever parses is answered with a status that says what to do."""

import asyncio
from collections import Counter
from pathlib import Path

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.rpc import error_details_pb2, status_pb2

from tests.suite.fuzz import request
from tests.suite.running import METHODS, refusal, running, status_of, suite_settings

NEVER = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN}


async def outcome(
    channel: grpc.aio.Channel, method: MethodDescriptor, seed: int
) -> str:
    """Send message *seed* to *method*; the code it ends with, checked for details."""
    error = await refusal(channel, method, request(method.input_type, seed))
    if error is None:
        return "OK"
    assert error.code() not in NEVER, (method.full_name, seed, error.details())
    status = status_of(error)
    assert status is not None, (method.full_name, seed, error)
    kinds = [detail.TypeName() for detail in status.details]
    assert kinds.count("google.rpc.ErrorInfo") == 1, (method.full_name, kinds)
    if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
        explain_field(status)
    return error.code().name


def explain_field(status: status_pb2.Status) -> None:
    """An InvalidField names the field and the problem."""
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    if info.reason == "INVALID_FIELD":
        assert all(v.field and v.description for v in bad.field_violations)
        assert bad.field_violations


async def attack(folder: Path, seeds: range) -> Counter[str]:
    """Send each seed to each method; how many ended with each code."""
    ended: Counter[str] = Counter()
    async with running(suite_settings(folder)) as channel:
        for method in METHODS:
            for group in (seeds[i : i + 8] for i in range(0, len(seeds), 8)):
                codes = (outcome(channel, method, seed) for seed in group)
                ended.update(await asyncio.gather(*codes))
    return ended


async def test_no_request_that_parses_ends_in_a_bug(tmp_path: Path) -> None:
    ended = await attack(tmp_path, range(20))

    assert ended.total() == 20 * len(METHODS)
    assert ended["OK"] > 0
    assert ended["INVALID_ARGUMENT"] > 0


@pytest.mark.slow
async def test_no_request_of_many_ends_in_a_bug(tmp_path: Path) -> None:
    ended = await attack(tmp_path, range(1_000, 1_400))

    assert ended.total() == 400 * len(METHODS)


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
