"""Who may call what. Whatever is not listed is refused."""

from collections.abc import Mapping

_ACCOUNTS = "/truepen.accounts.v1.AccountsService/"
_REPORTS = "/truepen.accounts.v1.ReportsService/"
_CALLS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("writer", "admin"): (
        f"{_ACCOUNTS}RecordActivities",
        f"{_ACCOUNTS}StreamActivities",
        f"{_ACCOUNTS}UpdateAccount",
        f"{_REPORTS}CreateReport",
        f"{_REPORTS}WithdrawReport",
    ),
    ("reader", "writer", "moderator", "senior moderator", "engineer", "admin"): (
        f"{_ACCOUNTS}GetAccount",
        f"{_ACCOUNTS}ListAccounts",
        f"{_ACCOUNTS}GetProfile",
        f"{_ACCOUNTS}BatchGetProfiles",
        f"{_ACCOUNTS}ListProfiles",
        f"{_ACCOUNTS}WatchProfiles",
        f"{_REPORTS}GetReport",
        f"{_REPORTS}ListReports",
        f"{_REPORTS}WatchReports",
        f"{_REPORTS}GetReporter",
    ),
    ("moderator", "senior moderator", "admin"): (
        f"{_ACCOUNTS}ListActivities",
        f"{_ACCOUNTS}AnnotateAccount",
        f"{_REPORTS}ResolveReport",
    ),
    ("engineer", "admin"): (f"{_ACCOUNTS}ListDeadLetters",),
    ("admin",): (
        f"{_ACCOUNTS}QuarantineModel",
        f"{_ACCOUNTS}ResolveDeadLetters",
        f"{_ACCOUNTS}EraseAccount",
        f"{_ACCOUNTS}ExportAccount",
    ),
}

ROLES: Mapping[str, frozenset[str]] = {
    method: frozenset(roles) for roles, methods in _CALLS.items() for method in methods
}
