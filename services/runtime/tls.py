"""Certificates from PEM files, for both ends, reread when they change."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from prometheus_client import CollectorRegistry, Gauge

from services.runtime.settings import RuntimeSettings, SettingsError
from services.runtime.watched import Watched


@dataclass(frozen=True, slots=True)
class Pem:
    """What the files hold, as read together."""

    ca: bytes | None
    cert: bytes | None
    key: bytes | None


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the PEM files are. Whoever shows a certificate has its key too."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    @classmethod
    def of(cls, settings: RuntimeSettings) -> "TlsFiles":
        """Return the files that *settings* name."""
        return cls(settings.tls_ca, settings.tls_cert, settings.tls_key)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those that are named."""
        named = (self.ca, self.cert, self.key)
        return tuple(path for path in named if path is not None)

    def read(self) -> Pem:
        """Read them; ValueError where they do not fit, as while one is replaced."""
        pem = Pem(_read(self.ca), _read(self.cert), _read(self.key))
        if pem.cert is not None and pem.key is not None:
            shown = x509.load_pem_x509_certificate(pem.cert).public_key()
            if load_pem_private_key(pem.key, None).public_key() != shown:
                raise ValueError("the certificate is not that of the key")
        if pem.ca is not None:
            x509.load_pem_x509_certificates(pem.ca)
        return pem


def watched(files: TlsFiles, seconds: float = 1.0) -> Watched[Pem]:
    """Return what is in *files*, as it changes. Raises SettingsError."""
    try:
        return Watched(files.paths, files.read, seconds, secret=True)
    except (OSError, ValueError) as error:
        raise SettingsError([f"TLS: {error}"]) from error


def server_credentials(
    settings: RuntimeSettings, *, client_certs: bool
) -> grpc.ServerCredentials | None:
    """Return what the server shows, or None where no certificate is set.

    The files are looked at for each new connection, so that a renewed
    certificate and an overlapping CA bundle need no restart. *client_certs*
    must be shown, and signed by one of the CAs.
    """
    files = TlsFiles.of(settings)
    if (files.cert is None) != (files.key is None):  # never plaintext by mistake
        raise SettingsError(["TRUEPEN_TLS_CERT and TRUEPEN_TLS_KEY: give both or none"])
    if files.cert is None:
        return None
    asks = client_certs and files.ca is not None
    pem = watched(files, seconds=0)
    return grpc.dynamic_ssl_server_credentials(
        _configuration(pem.get(), asks=asks),
        lambda: _configuration(pem.get(), asks=asks),
        require_client_authentication=asks,
    )


def channel_credentials(pem: Pem) -> grpc.ChannelCredentials:
    """Return what a client shows and believes; without a CA, the system's."""
    return grpc.ssl_channel_credentials(pem.ca, pem.key, pem.cert)


def show_expiry(settings: RuntimeSettings, registry: CollectorRegistry) -> None:
    """Export when the certificate, and the first of the CAs, expires."""
    gauge = Gauge(
        "tls_certificate_expire_time_seconds",
        "When it expires, in seconds since 1970; of several CAs the first.",
        ["file"],
        registry=registry,
    )
    files = TlsFiles.of(settings)
    for name, path in (("certificate", files.cert), ("ca", files.ca)):
        if path is not None:
            gauge.labels(name).set_function(_expiry(path))


def _expiry(path: Path) -> Callable[[], float]:
    def expires() -> float:
        try:
            found = x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError):
            return time.time()  # what cannot be read is as good as expired
        return min(each.not_valid_after_utc.timestamp() for each in found)

    return expires


def _configuration(pem: Pem, *, asks: bool) -> grpc.ServerCertificateConfiguration:
    if pem.key is None or pem.cert is None:
        raise ValueError("a certificate needs its key")
    return grpc.ssl_server_certificate_configuration(
        [(pem.key, pem.cert)], root_certificates=pem.ca if asks else None
    )


def _read(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()
