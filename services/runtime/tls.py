"""Credentials from PEM files, for both ends of mutual TLS."""

from pathlib import Path

import grpc

from services.runtime.settings import RuntimeSettings


def server_credentials(settings: RuntimeSettings) -> grpc.ServerCredentials | None:
    """Return what the server shows, or None where no certificate is set.

    The files are read again for each new connection, so that a renewed
    certificate and an overlapping CA bundle need no restart.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    initial = _configuration(settings)
    return grpc.dynamic_ssl_server_credentials(
        initial,
        lambda: _configuration(settings),
        require_client_authentication=settings.tls_ca is not None,
    )


def channel_credentials(settings: RuntimeSettings) -> grpc.ChannelCredentials | None:
    """Return what a client shows, or None for plaintext."""
    if settings.tls_ca is None:
        return None
    return grpc.ssl_channel_credentials(
        _read(settings.tls_ca), _read(settings.tls_key), _read(settings.tls_cert)
    )


def _configuration(settings: RuntimeSettings) -> grpc.ServerCertificateConfiguration:
    key, cert = _read(settings.tls_key), _read(settings.tls_cert)
    if key is None or cert is None:
        raise ValueError("a certificate needs its key")
    return grpc.ssl_server_certificate_configuration(
        [(key, cert)], root_certificates=_read(settings.tls_ca)
    )


def _read(path: Path | None) -> bytes | None:
    return None if path is None else path.read_bytes()
