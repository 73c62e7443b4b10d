"""AccountsService: recording, reading and upkeep together."""

from services.accounts.server.reading import Reading
from services.accounts.server.recording import Recording
from services.accounts.server.upkeep import Upkeep

SERVICE = "truepen.accounts.v1.AccountsService"


class AccountsServicer(Recording, Reading, Upkeep):
    """Serves AccountsService."""
