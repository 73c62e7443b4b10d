"""Names of accounts and of their standings, taken apart where they come in."""

from services.runtime.ids import check_name


def account_of(field: str, name: str) -> str:
    """Return the id in `accounts/{account}`; raise InvalidField."""
    return check_name(field, name, "accounts")[0]


def standing_account(field: str, name: str) -> str:
    """Return the id in `accounts/{account}/standing`; raise InvalidField."""
    return check_name(field, name, "accounts", only="standing")[0]
