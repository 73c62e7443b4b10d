"""The access file: which certificates and tokens may do what, and how often."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from services.runtime.calls import Quota
from services.runtime.roles import known
from services.runtime.settings import SettingsError
from services.runtime.watched import Watched

Roles = Annotated[tuple[str, ...], AfterValidator(known)]
# Only those whose keys cannot be made by who may read the key set.
Algorithm = Literal[
    "RS256", "RS384", "RS512", "ES256", "ES384", "ES512",
    "PS256", "PS384", "PS512", "EdDSA",
]  # fmt: skip
LOOPBACK_URL = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Issuer(_Strict):
    """Who signs tokens, and how these are checked."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")
    """Short: callers are named `NAME:SUBJECT` in logs and decisions."""
    issuer: str = Field(min_length=1)
    """The claim `iss`, character for character."""
    audience: str = Field(min_length=1)
    """One of the values of `aud`: tokens meant for others are refused."""
    keys: str = Field(min_length=1)
    """Its JSON Web Key Set: a path, or an https URL."""
    algorithms: tuple[Algorithm, ...] = Field(("RS256", "ES256"), min_length=1)
    groups_claim: str = "groups"
    """The claim that lists the caller's groups."""
    leeway_s: float = Field(30, ge=0, le=300)
    """By which clocks may differ."""
    refresh_s: float = Field(300, ge=1)
    """After so long the keys of a URL are fetched anew."""
    ca_file: Path | None = None
    """CAs of that URL, where the system's do not do."""
    bearer_file: Path | None = None
    """A token to show there, as Kubernetes asks for one."""

    @property
    def url(self) -> str | None:
        """The URL of its keys; None where they are in a file."""
        return self.keys if "://" in self.keys else None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.name == "local":
            raise ValueError("callers on loopback are named local:NAME already")
        url = self.url
        if url and not (url.startswith("https://") or LOOPBACK_URL.match(url)):
            raise ValueError("keys: over the network by https only")
        return self


class Grant(_Strict):
    """Roles of whoever shows a certificate, or a token of a subject or group."""

    certificate: str | None = None
    """A subject alternative name: DNS, URI (SPIFFE) or e-mail."""
    issuer: str | None = None
    """Name of one of `issuers`."""
    subject: str | None = None
    """The token's claim `sub`."""
    group: str | None = None
    """One of the token's groups."""
    roles: Roles = Field(min_length=1)
    rate: float | None = Field(None, gt=0)
    """Calls a second, instead of TRUEPEN_CALLER_RATE."""
    burst: int | None = Field(None, ge=1)
    """Instead of TRUEPEN_CALLER_BURST."""
    concurrency: int | None = Field(None, ge=1)
    """In flight, instead of TRUEPEN_CALLER_CONCURRENCY."""

    @property
    def quota(self) -> Quota:
        """What its callers may use."""
        return Quota(self.rate, self.burst, self.concurrency)

    @model_validator(mode="after")
    def _check(self) -> Self:
        by_token = [self.subject, self.group].count(None) == 1
        if self.certificate is not None:
            alone = (self.issuer, self.subject, self.group) == (None,) * 3
            if not alone:
                raise ValueError("a certificate stands alone")
        elif self.issuer is None or not by_token:
            raise ValueError("needs a certificate, or an issuer and subject or group")
        return self


class Access(_Strict):
    """All of the file."""

    issuers: tuple[Issuer, ...] = ()
    callers: tuple[Grant, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [issuer.name for issuer in self.issuers]
        if len(set(names)) < len(names):
            raise ValueError("issuers: names must differ")
        if len({issuer.issuer for issuer in self.issuers}) < len(names):
            raise ValueError("issuers: each `issuer` once")
        for grant in self.callers:
            if grant.issuer is not None and grant.issuer not in names:
                raise ValueError(f"callers: no issuer is named {grant.issuer}")
        return self

    def by_certificate(self, name: str) -> list[Grant]:
        """Return what a certificate of *name* is granted."""
        return [
            grant
            for grant in self.callers
            if grant.certificate is not None and matches(grant.certificate, name)
        ]

    def by_token(
        self, issuer: str, subject: str, groups: frozenset[str]
    ) -> list[Grant]:
        """Return what a token of the issuer named *issuer* is granted."""
        return [
            grant
            for grant in self.callers
            if grant.issuer == issuer
            if (grant.subject is not None and matches(grant.subject, subject))
            or grant.group in groups
        ]


def matches(pattern: str, name: str) -> bool:
    """Say whether *pattern* names *name*; `*` stands for one part of it.

    Parts end at `/` and `:`, in a DNS name at `.` as well: `*.feed.svc` is not
    `a.b.feed.svc`, and `spiffe://prod/ns/feed/sa/*` stays within `feed`.
    """
    if "*" not in pattern:
        return pattern == name
    part = "[^/:]+" if re.search("[/:]", pattern) else "[^./:]+"
    parts = (re.escape(piece) for piece in pattern.split("*"))
    return re.fullmatch(part.join(parts), name) is not None


def watched(path: Path | None) -> Watched[Access]:
    """Return the access file at *path*, nobody's where there is none.

    Raises SettingsError with every fault.
    """
    if path is None:
        return Watched((), Access)
    try:
        return Watched((path,), lambda: _read(path))
    except ValidationError as error:
        raise SettingsError(
            [
                f"{path}: {'.'.join(map(str, found['loc']))}: {found['msg']}"
                for found in error.errors()
            ]
        ) from error
    except (OSError, ValueError) as error:
        raise SettingsError([f"TRUEPEN_ACCESS_FILE: {error}"]) from error


def _read(path: Path) -> Access:
    try:
        found = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {error}") from error
    return Access.model_validate(found or {})
