"""TruePen for callers in Python: typed calls, deadlines, retries, a standing watcher.

async with Client("dns:///truepen-policy:50051") as truepen:
request = GetStandingRequest(name="accounts/a1/standing")
standing = (await truepen.enforcement.GetStanding(request)).standing
"""

from services.client.client import Client
from services.client.standings import Reading, Source, StandingWatcher
from services.runtime.errors import Kind, ServiceError
from services.runtime.tls import TlsFiles

__all__ = [
    "Client",
    "Kind",
    "Reading",
    "ServiceError",
    "Source",
    "StandingWatcher",
    "TlsFiles",
]
