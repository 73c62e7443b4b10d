"""AccountsService: each part of it is in the file of that name."""

from services.accounts.server.erasing import ErasingCalls
from services.accounts.server.log import LogCalls
from services.accounts.server.profiles import ProfileCalls
from services.accounts.server.recording import RecordingCalls
from services.accounts.server.register import RegisterCalls
from services.accounts.server.truths import TruthCalls

SERVICE = "truepen.accounts.v1.AccountsService"


class AccountsServicer(
    RecordingCalls, ProfileCalls, RegisterCalls, LogCalls, TruthCalls, ErasingCalls
):
    """Serves AccountsService."""
