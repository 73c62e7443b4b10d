"""The roles there are, whoever holds them and whatever they may call."""

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
