"""The roles there are, whoever holds them and whatever they may call."""

from collections.abc import Mapping

ROLES = frozenset(
    {
        "writer",
        "reader",
        "moderator",
        "senior moderator",
        "rule author",
        "rule approver",
        "admin",
        "engineer",
    }
)


def known(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return *names* where each is a role; ValueError names those that are not."""
    strange = sorted(set(names) - ROLES)
    if strange:
        said = ", ".join(repr(name) for name in strange)
        raise ValueError(f"no such role: {said}; roles are {', '.join(sorted(ROLES))}")
    return names


def roles_for(method: str, roles: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return which roles may call *method*; its own entry outranks its service's.

    *roles* is by method, `/package.Service/Method`, or service, `/package.Service/`.
    """
    service = method[: method.rfind("/") + 1]
    return roles.get(method) or roles.get(service) or frozenset()
