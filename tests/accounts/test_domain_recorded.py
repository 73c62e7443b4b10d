"""Recorded people, where TRUEPEN_RECORDED_ACCOUNTS names a folder of them."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from services.accounts.domain.evidence import References
from services.accounts.domain.profile import AccountFacts, derive
from services.accounts.fitting.population import read

FOLDER = os.environ.get("TRUEPEN_RECORDED_ACCOUNTS")
FILES = ("reddit_humans", "github_msr2023_humans", "botornot2026_sets30_31")


@pytest.mark.slow
@pytest.mark.skipif(FOLDER is None, reason="no recorded accounts")
@pytest.mark.parametrize("name", FILES)
def test_no_recorded_person_looks_automated_for_sure(name: str) -> None:
    found = [
        derive(
            each.state,
            AccountFacts(each.account),
            max(a.event_time for a in each.activities) + timedelta(hours=1),
            References(),
        ).automation.probability
        for each in read(Path(FOLDER or ".") / f"{name}.jsonl.gz")
        if not each.bot
    ]

    assert max(found) < 0.99
