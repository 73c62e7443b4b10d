"""A certificate authority and an issuer of tokens, both real, for tests."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from jwt.algorithms import ECAlgorithm

HOUR = timedelta(hours=1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _alternative(name: str) -> x509.GeneralName:
    if "://" in name:
        return x509.UniformResourceIdentifier(name)
    if name[0].isdigit():
        return x509.IPAddress(ip_address(name))
    return x509.DNSName(name)


class Authority:
    """Signs certificates; `pem` is its own."""

    def __init__(self, name: str = "test CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self._cert = (
            self._builder(self._name, self._key.public_key(), HOUR)
            .add_extension(basic, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = self._cert.public_bytes(Encoding.PEM)

    def certify(
        self, folder: Path, *names: str, lasts: timedelta = HOUR
    ) -> tuple[Path, Path]:
        """Write a certificate of *names* and its key; the paths of both."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_name("nameless"), key.public_key(), lasts)
        if names:
            alternatives = x509.SubjectAlternativeName(map(_alternative, names))
            builder = builder.add_extension(alternatives, critical=False)
        cert = builder.sign(self._key, hashes.SHA256())
        folder.mkdir(parents=True, exist_ok=True)
        paths = folder / "tls.crt", folder / "tls.key"
        paths[0].write_bytes(cert.public_bytes(Encoding.PEM))
        paths[1].write_bytes(_pem(key))
        return paths

    def _builder(
        self, subject: x509.Name, key: Any, lasts: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - HOUR)
            .not_valid_after(now + lasts)
        )


class TokenIssuer:
    """Signs tokens with the newest of its keys."""

    def __init__(self, name: str = "https://issuer.example") -> None:
        self.name = name
        self._keys: list[tuple[str, ec.EllipticCurvePrivateKey]] = []
        self.rotate()

    def rotate(self, *, keep: int = 1) -> None:
        """Sign with a new key from now on; publish *keep* old ones as well."""
        key_id = f"k{int(self._keys[-1][0][1:]) + 1 if self._keys else 1}"
        fresh = key_id, ec.generate_private_key(ec.SECP256R1())
        self._keys = [*self._keys[len(self._keys) - keep :], fresh]

    def key_set(self) -> str:
        """The JSON Web Key Set."""
        keys = [
            {**json.loads(ECAlgorithm.to_jwk(key.public_key())), "kid": key_id}
            for key_id, key in self._keys
        ]
        return json.dumps({"keys": keys})

    def token(
        self,
        subject: str,
        *,
        audience: str | Sequence[str] = "truepen",
        lasts: float = 600,
        headers: dict[str, Any] | None = None,
        without: Sequence[str] = (),
        **claims: Any,
    ) -> str:
        """A token as Kubernetes projects them, by default."""
        now = datetime.now(UTC).timestamp()
        body = {
            "iss": self.name,
            "sub": subject,
            "aud": [audience] if isinstance(audience, str) else list(audience),
            "iat": now,
            "nbf": now,
            "exp": now + lasts,
            **claims,
        }
        kept = {name: value for name, value in body.items() if name not in without}
        key_id, key = self._keys[-1]
        return jwt.encode(
            kept, key, algorithm="ES256", headers={"kid": key_id, **(headers or {})}
        )
