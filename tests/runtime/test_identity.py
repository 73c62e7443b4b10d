"""Who may call: certificates and tokens against a real server over real TLS."""

import asyncio
import base64
import http.server
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from prometheus_client import CollectorRegistry

from services.runtime import keysets
from services.runtime.calls import CALLER
from services.runtime.concerns import standard
from services.runtime.connection import Connection
from services.runtime.errors import (
    DependencyUnavailable,
    PermissionDenied,
    ServiceError,
    Unauthenticated,
)
from services.runtime.serve import Server, Service
from services.runtime.settings import RuntimeSettings, SettingsError
from services.runtime.tls import TlsFiles, show_expiry
from tests.runtime.authority import HOUR, Authority, TokenIssuer
from tests.runtime.echo import NAME, EchoServicer, EchoStub, add_echo, text

RANKING = "spiffe://prod/ns/feed/sa/ranking"
CLERK = "system:serviceaccount:publishing:clerk"
ROLES = {f"/{NAME}/": frozenset({"reader"}), f"/{NAME}/Join": frozenset({"admin"})}


def who(_: str) -> str:
    caller = CALLER.get()
    return f"{caller.name} {sorted(caller.roles)}"


@dataclass
class Site:
    """A server that tells each caller who it is, and what its callers need."""

    folder: Path
    ca: Authority
    issuer: TokenIssuer
    server: Server

    def client(
        self, certificate: str | None = RANKING, bearer: str = "", *, port: int = 0
    ) -> Connection:
        """A caller with a certificate of that name, and a token."""
        target = f"127.0.0.1:{port or self.server.port}"
        cert = key = file = None
        if certificate is not None:
            names = [certificate] if certificate else []
            cert, key = self.ca.certify(self.folder / "caller", *names)
        if bearer:
            file = self.folder / "token"
            file.write_text(bearer, "utf-8")
        files = TlsFiles(self.folder / "ca.crt", cert, key)
        return Connection(target, {}, tls=files, bearer_file=file)

    async def who(self, certificate: str | None = RANKING, bearer: str = "") -> str:
        port = self.server.port if certificate is not None else self.server.bearer_port
        async with self.client(certificate, bearer, port=port) as connection:
            return str((await connection.stub(EchoStub).Say(text(""))).value)


def access_file(folder: Path, keys: str) -> Path:
    path = folder / "access.yaml"
    issuer = {"name": "cluster", "issuer": "https://issuer.example"}
    callers: list[dict[str, Any]] = [
        {"certificate": RANKING, "roles": ["reader"]},
        {"certificate": "*.feed.svc", "roles": ["admin", "reader"]},
        {"issuer": "cluster", "subject": CLERK, "roles": ["reader"]},
        {"issuer": "cluster", "group": "reviewers", "roles": ["reader", "moderator"]},
    ]
    access = {
        "issuers": [{**issuer, "audience": "truepen", "keys": keys}],
        "callers": callers,
    }
    path.write_text(json.dumps(access), "utf-8")  # JSON is YAML
    return path


@asynccontextmanager
async def site(folder: Path, keys: str = "", **settings: Any) -> AsyncIterator[Site]:
    ca, issuer = Authority(), TokenIssuer()
    cert, key = ca.certify(folder / "server", "127.0.0.1")
    (folder / "ca.crt").write_bytes(ca.pem)
    (folder / "jwks.json").write_text(issuer.key_set(), "utf-8")
    chosen = RuntimeSettings(
        **{
            "port": 0,
            "bearer_port": 0,
            "tls_cert": cert,
            "tls_key": key,
            "tls_ca": folder / "ca.crt",
            "access_file": access_file(folder, keys or str(folder / "jwks.json")),
            **settings,
        }
    )
    chain = standard(chosen, ROLES, CollectorRegistry())
    echo = Service(NAME, add_echo, EchoServicer(who))
    async with Server([echo], chain, chosen) as server:
        yield Site(folder, ca, issuer, server)


def problem_of(error: ServiceError) -> str:
    return error.metadata["problem"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (RANKING, f"{RANKING} ['reader']"),
        ("ranking.feed.svc", "ranking.feed.svc ['admin', 'reader']"),
    ],
)
async def test_a_certificate_is_its_name_and_roles(
    tmp_path: Path, name: str, told: str
) -> None:
    async with site(tmp_path) as it:
        assert await it.who(name) == told


async def test_a_certificate_that_is_granted_nothing_is_named(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        with pytest.raises(PermissionDenied) as caught:
            await it.who("other.svc")

    assert caught.value.metadata == {
        "caller": "other.svc",
        "method": f"/{NAME}/Say",
        "roles": "reader",
    }


async def test_a_certificate_named_local_may_not_say_who_it_is(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        with pytest.raises(PermissionDenied):
            await it.who("local")


async def test_a_certificate_without_a_name_is_nobodys(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        with pytest.raises(Unauthenticated) as caught:
            await it.who("")

    assert problem_of(caught.value) == "CERTIFICATE_NAMELESS"


async def test_a_strangers_certificate_gets_no_connection(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        it.ca = Authority("stranger")
        with pytest.raises(DependencyUnavailable):
            await it.who(RANKING)


async def test_without_a_certificate_the_first_port_gives_no_connection(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as it, it.client(None, port=it.server.port) as mine:
        with pytest.raises(DependencyUnavailable):
            await mine.stub(EchoStub).Say(text(""))


async def test_a_projected_token_is_its_subject(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        kubernetes: Any = {"kubernetes.io": {"namespace": "publishing"}}
        token = it.issuer.token(CLERK, **kubernetes)

        assert await it.who(None, token) == f"cluster:{CLERK} ['reader']"


async def test_a_group_has_roles(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        token = it.issuer.token("alice", groups=["reviewers", "others"])

        assert await it.who(None, token) == "cluster:alice ['moderator', 'reader']"


async def test_a_token_speaks_over_a_certificate(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        told = await it.who(RANKING, it.issuer.token("alice", groups=["reviewers"]))

    assert told.startswith("cluster:alice")


async def test_the_bearer_port_needs_a_token(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        with pytest.raises(Unauthenticated) as caught:
            await it.who(None)

    assert problem_of(caught.value) == "CREDENTIALS_MISSING"


def forged(it: Site) -> str:
    other = TokenIssuer()  # signs as k1 too
    return other.token(CLERK)


def unsigned(it: Site) -> str:
    claims = {"iss": it.issuer.name, "sub": CLERK, "aud": "truepen", "exp": 2**33}
    return jwt.encode(claims, "", algorithm="none", headers={"kid": "k1"})


def numbered(it: Site) -> str:
    """A token whose issuer is no string, which no library would sign."""
    head, _, signature = it.issuer.token(CLERK).split(".")
    body = base64.urlsafe_b64encode(b'{"iss":7,"sub":"x","aud":"truepen","exp":9e9}')
    return f"{head}.{body.decode().rstrip('=')}.{signature}"


def symmetric(it: Site) -> str:
    claims = {"iss": it.issuer.name, "sub": CLERK, "aud": "truepen", "exp": 2**33}
    return jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "k1"})


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda it: it.issuer.token(CLERK, lasts=-60), "TOKEN_EXPIRED"),
        (lambda it: it.issuer.token(CLERK, nbf=2**33), "TOKEN_TOO_EARLY"),
        (lambda it: it.issuer.token(CLERK, audience="others"), "AUDIENCE_WRONG"),
        (lambda it: it.issuer.token(CLERK, without=["exp"]), "CLAIM_MISSING"),
        (lambda it: it.issuer.token(CLERK, without=["sub"]), "CLAIM_MISSING"),
        (lambda it: it.issuer.token(CLERK, headers={"kid": "k9"}), "KEY_UNKNOWN"),
        (lambda it: it.issuer.token(CLERK, iss="https://other"), "ISSUER_UNKNOWN"),
        (numbered, "ISSUER_UNKNOWN"),
        (forged, "SIGNATURE_WRONG"),
        (unsigned, "ALGORITHM_WRONG"),
        (symmetric, "ALGORITHM_WRONG"),
        (lambda it: "not.a.token", "TOKEN_MALFORMED"),
        (lambda it: "x" * 7_000, "TOKEN_MALFORMED"),
    ],
)
async def test_a_token_that_is_not_good_says_why(
    tmp_path: Path, make: Any, problem: str
) -> None:
    async with site(tmp_path) as it:
        with pytest.raises(Unauthenticated) as caught:
            await it.who(None, make(it))

    assert problem_of(caught.value) == problem


async def test_another_scheme_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path) as it, it.client() as connection:
        say: Any = EchoStub(connection.channel())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await say.Say(text(""), metadata=[("authorization", "Basic abc")])

    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_token_ends_with_its_time(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        token = it.issuer.token(CLERK, lasts=-28.5)  # within the leeway of 30 s
        async with it.client(None, token, port=it.server.bearer_port) as connection:
            stub = connection.stub(EchoStub)
            await stub.Say(text(""))
            await asyncio.sleep(1.6)
            with pytest.raises(Unauthenticated) as caught:
                await stub.Say(text(""))

    assert problem_of(caught.value) == "TOKEN_EXPIRED"


async def test_a_rotated_key_in_a_file_is_known_at_once(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        assert await it.who(None, it.issuer.token(CLERK))
        it.issuer.rotate()
        (tmp_path / "jwks.json").write_text(it.issuer.key_set(), "utf-8")

        assert await it.who(None, it.issuer.token(CLERK))


class KeyServer(http.server.ThreadingHTTPServer):
    """Serves a key set as issuers do, and counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _KeyPage)
        self.page = ""
        self.leads_to = ""
        self.asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/jwks"


class _KeyPage(http.server.BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.server.leads_to:
            self.send_response(302)
            self.send_header("Location", self.server.leads_to)
        else:
            self.send_response(200 if self.server.page else 503)
        self.end_headers()
        self.wfile.write(self.server.page.encode())

    def log_message(self, *_: object) -> None: ...


@contextmanager
def key_server() -> Iterator[KeyServer]:
    with KeyServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_a_url_is_asked_for_unknown_keys_but_not_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with key_server() as keys:
        async with site(tmp_path, keys.url) as it:
            keys.page = it.issuer.key_set()
            assert await it.who(None, it.issuer.token(CLERK))

            it.issuer.rotate()
            keys.page = it.issuer.key_set()
            for _ in range(3):
                with pytest.raises(Unauthenticated) as caught:
                    await it.who(None, it.issuer.token(CLERK))
                assert problem_of(caught.value) == "KEY_UNKNOWN"
            asked_while_cooling = keys.asked
            monkeypatch.setattr(keysets, "COOL_DOWN", 0)

            assert await it.who(None, it.issuer.token(CLERK))
    assert asked_while_cooling == 1
    assert keys.asked == 2


async def test_an_issuer_that_never_answered_is_unavailable(tmp_path: Path) -> None:
    with key_server() as keys:
        async with site(tmp_path, keys.url) as it:
            with pytest.raises(DependencyUnavailable, match="keys of cluster"):
                await it.who(None, it.issuer.token(CLERK))


async def test_keys_are_taken_from_where_they_are_said_to_be(tmp_path: Path) -> None:
    with key_server() as keys, key_server() as elsewhere:
        async with site(tmp_path, keys.url) as it:
            keys.leads_to, elsewhere.page = elsewhere.url, it.issuer.key_set()
            with pytest.raises(DependencyUnavailable):
                await it.who(None, it.issuer.token(CLERK))

    assert elsewhere.asked == 0


async def test_an_issuer_may_be_away_once_its_keys_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keysets, "COOL_DOWN", 0)
    with key_server() as keys:
        async with site(tmp_path, keys.url) as it:
            keys.page = it.issuer.key_set()
            assert await it.who(None, it.issuer.token(CLERK))
            keys.page = ""
            with pytest.raises(Unauthenticated):
                await it.who(None, it.issuer.token(CLERK, headers={"kid": "k9"}))

            assert await it.who(None, it.issuer.token(CLERK))


async def test_a_changed_access_file_counts_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as it, it.client() as connection:
        stub = connection.stub(EchoStub)
        await stub.Say(text(""))
        path = tmp_path / "access.yaml"
        path.write_text(path.read_text("utf-8").replace(RANKING, "nobody"), "utf-8")
        await asyncio.sleep(1.1)

        with pytest.raises(PermissionDenied):
            await stub.Say(text(""))


async def test_a_renewed_certificate_needs_no_restart(tmp_path: Path) -> None:
    """CA and certificates change in the order of a rotation; nobody is refused."""
    async with site(tmp_path) as it:
        old, new = it.ca, Authority("next")
        bundle = tmp_path / "ca.crt"
        bundle.write_bytes(old.pem + new.pem)
        assert await it.who(RANKING) == f"{RANKING} ['reader']"
        it.ca = new  # callers first, or the server: both are believed by both
        assert await it.who(RANKING) == f"{RANKING} ['reader']"
        new.certify(tmp_path / "server", "127.0.0.1")
        assert await it.who(RANKING) == f"{RANKING} ['reader']"
        bundle.write_bytes(new.pem)
        assert await it.who(RANKING) == f"{RANKING} ['reader']"
        it.ca = old

        with pytest.raises(DependencyUnavailable):
            await it.who(RANKING)


async def test_files_that_do_not_fit_yet_change_nothing(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        it.ca.certify(tmp_path / "next", "127.0.0.1")
        (tmp_path / "next" / "tls.key").rename(tmp_path / "server" / "tls.key")

        assert await it.who(RANKING)


async def test_a_channel_takes_a_renewed_certificate_up(tmp_path: Path) -> None:
    async with site(tmp_path) as it, it.client() as connection:
        stub = connection.stub(EchoStub)
        before = (await stub.Say(text(""))).value
        it.ca.certify(tmp_path / "caller", "ranking.feed.svc")
        await asyncio.sleep(1.1)
        after = (await stub.Say(text(""))).value

    assert before.startswith(RANKING)
    assert after.startswith("ranking.feed.svc")


async def test_a_stream_outlives_the_renewal_of_its_certificate(tmp_path: Path) -> None:
    async with site(tmp_path) as it, it.client() as connection:
        stub = connection.stub(EchoStub)
        letters = aiter(stub.Spell(text("ab")))
        await anext(letters)
        it.ca.certify(tmp_path / "caller", "ranking.feed.svc")
        await asyncio.sleep(1.1)
        await stub.Say(text(""))

        assert [letter async for letter in letters]


async def test_a_token_file_is_read_again(tmp_path: Path) -> None:
    async with site(tmp_path) as it:
        token = it.issuer.token(CLERK)
        async with it.client(None, token, port=it.server.bearer_port) as connection:
            stub = connection.stub(EchoStub)
            await stub.Say(text(""))
            fresh = it.issuer.token("alice", groups=["reviewers"])
            (tmp_path / "token").write_text(fresh, "utf-8")
            await asyncio.sleep(1.1)
            told = (await stub.Say(text(""))).value

    assert told.startswith("cluster:alice")


def test_a_token_never_goes_out_in_plaintext_unless_asked_for(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret", "utf-8")
    file = tmp_path / "token"

    with pytest.raises(SettingsError, match="plaintext"):
        Connection("dns:///far:50051", {}, bearer_file=file)
    for target in ("localhost:1", "127.0.0.1:1", "dns:///localhost:1", "unix:/x"):
        Connection(target, {}, bearer_file=file)
    Connection("dns:///far:50051", {}, bearer_file=file, insecure=True)


async def test_plaintext_with_a_token_works_behind_a_mesh(tmp_path: Path) -> None:
    how: Any = {"tls_cert": None, "tls_key": None, "tls_ca": None}
    async with site(tmp_path, **how, bearer_port=None, trust_loopback=False) as it:
        (tmp_path / "token").write_text(it.issuer.token(CLERK), "utf-8")
        target = f"127.0.0.1:{it.server.port}"
        async with Connection(target, {}, bearer_file=tmp_path / "token") as mine:
            told = (await mine.stub(EchoStub).Say(text(""))).value
        async with Connection(target, {}) as nobody:
            with pytest.raises(Unauthenticated):
                await nobody.stub(EchoStub).Say(text(""))

    assert told == f"cluster:{CLERK} ['reader']"


async def test_plaintext_without_identity_has_the_roles_it_was_given(
    tmp_path: Path,
) -> None:
    how: Any = {"tls_cert": None, "tls_key": None, "tls_ca": None, "bearer_port": None}
    settings = {**how, "trust_loopback": False, "anonymous_roles": ("reader",)}
    async with (
        site(tmp_path, **settings) as it,
        Connection(f"127.0.0.1:{it.server.port}", {}) as mine,
    ):
        told = (await mine.stub(EchoStub).Say(text(""))).value
        with pytest.raises(PermissionDenied):
            await mine.stub(EchoStub).Join(iter([text("")]))

    assert told == "anonymous ['reader']"


def test_the_metrics_tell_when_certificates_expire(tmp_path: Path) -> None:
    ca, registry = Authority(), CollectorRegistry()
    cert, key = ca.certify(tmp_path, "a.svc", lasts=timedelta(days=7))
    bundle = tmp_path / "ca.crt"
    bundle.write_bytes(ca.pem + Authority("next").pem)
    settings = RuntimeSettings(tls_cert=cert, tls_key=key, tls_ca=bundle)
    show_expiry(settings, registry)

    def expires(file: str) -> float:
        found = registry.get_sample_value(
            "tls_certificate_expire_time_seconds", {"file": file}
        )
        assert found is not None
        return found

    first = expires("certificate")
    ca.certify(tmp_path, "a.svc", lasts=timedelta(days=9))

    assert expires("certificate") - first == pytest.approx(2 * 86_400, abs=5)
    assert first - expires("ca") == pytest.approx(
        (timedelta(days=7) - HOUR).total_seconds(), abs=5
    )


def test_tls_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        Connection("a:1", {}, tls=TlsFiles(tmp_path / "nowhere"))
