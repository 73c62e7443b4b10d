"""What an access file may say, and what is said of one that is wrong."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.runtime.access import matches, watched
from services.runtime.settings import SettingsError

GOOD = """\
issuers:
  - name: cluster
    issuer: https://kubernetes.default.svc
    audience: truepen
    keys: /etc/truepen/jwks.json
callers:
  - certificate: spiffe://prod/ns/feed/sa/*
    roles: [reader]
  - issuer: cluster
    subject: system:serviceaccount:publishing:*
    roles: [writer]
    rate: 50
  - issuer: cluster
    group: reviewers
    roles: [moderator]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "access.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("pattern", "name", "same"),
    [
        ("a.example", "a.example", True),
        ("a.example", "aXexample", False),
        ("*.feed.svc", "ranking.feed.svc", True),
        ("*.feed.svc", "a.b.feed.svc", False),
        ("*.feed.svc", "feed.svc", False),
        ("spiffe://prod/ns/feed/sa/*", "spiffe://prod/ns/feed/sa/a.b", True),
        ("spiffe://prod/ns/feed/sa/*", "spiffe://prod/ns/feed/sa/a/b", False),
        ("spiffe://prod/ns/*/sa/x", "spiffe://prod/ns/other/sa/x", True),
        ("system:serviceaccount:feed:*", "system:serviceaccount:feed:a", True),
        ("system:serviceaccount:feed:*", "system:serviceaccount:feed:a:b", False),
        ("*", "a.b", False),
    ],
)
def test_a_star_is_one_part_of_a_name(pattern: str, name: str, same: bool) -> None:
    assert matches(pattern, name) is same


def test_a_good_file_is_read(tmp_path: Path) -> None:
    access = watched(written(tmp_path, GOOD)).get()

    (grant,) = access.by_certificate("spiffe://prod/ns/feed/sa/ranking")
    assert grant.roles == ("reader",)
    subject = "system:serviceaccount:publishing:web"
    roles = [
        grant.roles
        for grant in access.by_token("cluster", subject, frozenset({"reviewers"}))
    ]
    assert roles == [("writer",), ("moderator",)]
    assert access.by_token("other", subject, frozenset()) == []


def test_a_certificate_of_a_subjects_name_gets_nothing(tmp_path: Path) -> None:
    access = watched(written(tmp_path, GOOD)).get()

    assert access.by_certificate("system:serviceaccount:publishing:web") == []


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("roles: [reader]", "roles: [raeder]", "no such role: 'raeder'"),
        ("roles: [reader]", "roles: []", "callers.0.roles"),
        ("roles: [reader]", "rolls: [reader]", "callers.0.rolls"),
        ("issuer: cluster\n    group", "issuer: clutser\n    group", "clutser"),
        ("name: cluster", "name: local", "local"),
        ("keys: /etc/truepen/jwks.json", "keys: http://far/jwks", "https only"),
        ("audience: truepen\n", "audience: ''\n", "issuers.0.audience"),
        ("    group: reviewers\n", "", "subject or group"),
        (
            "audience: truepen",
            "audience: truepen\n    algorithms: [HS256]",
            "algorithms.0",
        ),
        (
            "audience: truepen",
            "audience: truepen\n    algorithms: [none]",
            "algorithms.0",
        ),
        ("callers:", "callers: {", "YAML"),
    ],
)
def test_a_wrong_file_says_where(
    tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    assert was in GOOD

    with pytest.raises(SettingsError, match=said):
        watched(written(tmp_path, GOOD.replace(was, becomes)))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TRUEPEN_ACCESS_FILE"):
        watched(tmp_path / "nothing")


def test_a_change_is_seen_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    access = watched(path)
    access._seconds = access._due = 0

    written(tmp_path, GOOD.replace("[reader]", "[raeder]"))
    with capture_logs() as lines:
        assert access.get().callers[0].roles == ("reader",)
    assert "raeder" in lines[0]["fault"]
    written(tmp_path, GOOD.replace("[reader]", "[engineer]"))

    assert access.get().callers[0].roles == ("engineer",)
