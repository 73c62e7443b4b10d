"""Who calls, by certificate, token or place, and whether it may."""

from collections.abc import Awaitable, Iterable, Mapping

from structlog.contextvars import bind_contextvars

from services.runtime.access import Access, Grant
from services.runtime.bearer import Bearer, Verifier, refused
from services.runtime.calls import CALLER, NO_QUOTA, Caller
from services.runtime.errors import PermissionDenied
from services.runtime.interceptors import Call
from services.runtime.roles import ROLES, roles_for
from services.runtime.watched import Watched

HEALTH = "/grpc.health.v1.Health/"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/"
CHANNELZ = "/grpc.channelz.v1.Channelz/"
ANY = "*"
AUTHORIZATION = "authorization"
SCHEME = "bearer "
TLS = [b"ssl"]
SAN_KEYS = ("peer_uri", "peer_dns", "peer_email")

OWN: Mapping[str, frozenset[str]] = {
    HEALTH: frozenset({ANY}),
    REFLECTION: ROLES,
    CHANNELZ: frozenset({"engineer", "admin"}),
}
"""Who may call what every server has."""


class Identity:
    """Lets through who holds one of the method's roles; all others, never.

    *roles* maps a method, `/package.Service/Method`, or a whole service,
    `/package.Service/`, to the roles that may call it; `{ANY}` needs none. A
    method without roles may be called by nobody, wherever the call is from.
    *access* tells the roles of certificates and tokens. *local_roles* are those
    of a plaintext caller on the loopback interface who shows no token: `{ANY}`
    holds every role, the empty set trusts nobody there. *anonymous_roles* are
    those of any other plaintext caller who shows none.
    """

    def __init__(
        self,
        roles: Mapping[str, frozenset[str]],
        access: Watched[Access],
        local_roles: frozenset[str] = frozenset({ANY}),
        anonymous_roles: frozenset[str] = frozenset(),
    ) -> None:
        self._roles = {**OWN, **roles}
        self._needs: dict[str, frozenset[str]] = {}
        self._watched = access
        self._local = Caller("local", local_roles, local=True)
        self._anonymous = Caller("anonymous", anonymous_roles)
        self._begin(access.get())

    def enter(self, call: Call) -> Awaitable[None] | None:
        """Bind the caller, or raise Unauthenticated or PermissionDenied."""
        needed = self._needed(call.method)
        if ANY in needed:
            return None
        access = self._watched.get()
        if access is not self._access:
            self._begin(access)
        said = call.header(AUTHORIZATION)
        if said:
            return self._by_token(call, needed, said)
        self._admit(call, needed, self._by_connection(call))
        return None

    def leave(self, call: Call) -> None:
        """Do nothing: the context ends with the call."""

    def _begin(self, access: Access) -> None:
        """Go by *access*, and forget what was known by the one before."""
        self._access = access
        self._verifier = Verifier(access.issuers)
        self._certified: dict[tuple[str, ...], Caller] = {}
        self._bearers: dict[Bearer, Caller] = {}

    def _admit(self, call: Call, needed: frozenset[str], caller: Caller) -> None:
        bind_contextvars(caller=caller.name)
        everything = ANY in caller.roles and needed
        if not everything and needed.isdisjoint(caller.roles):
            raise PermissionDenied(caller.name, call.method, needed)
        call.caller = caller
        CALLER.set(caller)

    def _needed(self, method: str) -> frozenset[str]:
        found = self._needs.get(method)
        if found is None:  # methods come from the contract: there are few
            found = self._needs[method] = roles_for(method, self._roles)
        return found

    def _by_token(
        self, call: Call, needed: frozenset[str], said: str
    ) -> Awaitable[None] | None:
        if said[: len(SCHEME)].lower() != SCHEME:
            raise refused("SCHEME_UNKNOWN", "authorization must be `Bearer TOKEN`")
        token = said[len(SCHEME) :].strip()
        bearer = self._verifier.checked(token)
        if bearer is None:
            return self._later(call, needed, token)
        self._admit(call, needed, self._of_bearer(bearer))
        return None

    async def _later(self, call: Call, needed: frozenset[str], token: str) -> None:
        bearer = await self._verifier.check(token)
        self._admit(call, needed, self._of_bearer(bearer))

    def _of_bearer(self, bearer: Bearer) -> Caller:
        caller = self._bearers.get(bearer)
        if caller is None:
            granted = self._access.by_token(
                bearer.issuer, bearer.subject, bearer.groups
            )
            caller = _granted(f"{bearer.issuer}:{bearer.subject}", granted)
            if len(self._bearers) > 10_000:
                self._bearers.clear()
            self._bearers[bearer] = caller
        return caller

    def _by_connection(self, call: Call) -> Caller:
        auth = call.context.auth_context()
        if auth.get("transport_security_type") != TLS:
            if self._local.roles and is_loopback(call.context.peer()):
                return self._local
            if self._anonymous.roles:
                return self._anonymous
            raise refused("CREDENTIALS_MISSING", "a token or a certificate is needed")
        names = tuple(name for key in SAN_KEYS for name in _values(auth, key))
        if not names:
            if _values(auth, "x509_pem_cert"):
                said = "the certificate has no subject alternative name"
                raise refused("CERTIFICATE_NAMELESS", said)
            raise refused("CREDENTIALS_MISSING", "a token or a certificate is needed")
        caller = self._certified.get(names)
        if caller is None:
            caller = self._certified[names] = self._of_certificate(names)
        return caller

    def _of_certificate(self, names: tuple[str, ...]) -> Caller:
        """Return the caller of a certificate: the first name that has roles."""
        found = {name: self._access.by_certificate(name) for name in names}
        name = next((name for name in names if found[name]), names[0])
        return _granted(name, [grant for grants in found.values() for grant in grants])


def _granted(name: str, grants: Iterable[Grant]) -> Caller:
    """Return the caller *name* with what *grants* give together."""
    grants = list(grants)
    roles = frozenset(role for grant in grants for role in grant.roles)
    quota = next((g.quota for g in grants if g.quota != NO_QUOTA), NO_QUOTA)
    return Caller(name, roles, quota)


def is_loopback(peer: str) -> bool:
    """Say whether grpc's name for a peer is on this machine."""
    return peer.startswith(("ipv4:127.", "ipv6:[::1]", "ipv6:%5B::1%5D", "unix:"))


def _values(auth: Mapping[str, object], key: str) -> list[str]:
    found = auth.get(key) or ()
    return [v.decode() for v in found if isinstance(v, bytes)]  # type: ignore[attr-defined]
