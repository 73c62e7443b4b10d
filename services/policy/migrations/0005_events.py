"""The place of each decision in the outbox of events; empty until it is published."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column, which the release before leaves empty, and its index."""
    op.add_column(
        "decisions", sa.Column("outbox_sequence", sa.BigInteger(), nullable=True)
    )
    op.create_index(
        "decisions_by_outbox",
        "decisions",
        ["outbox_sequence", "decide_us", "account", "id"],
    )
