"""Posts of the day, for the daily allowance."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "posts",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("reset_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("activity", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account", "reset_us", "activity"),
    )
