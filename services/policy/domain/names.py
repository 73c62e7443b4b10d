"""What resources of policy are called."""


def decision_name(account: str, decision: str) -> str:
    """Name of a decision, as callers know it; empty for none."""
    return f"accounts/{account}/decisions/{decision}" if decision else ""
