"""What is found over all accounts, and what retention let go."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables; those of the previous release stay as they are."""
    op.create_table(
        "findings",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("version_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("cluster_size", sa.Integer(), nullable=False),
        sa.Column("matched_count", sa.Integer(), nullable=False),
        sa.Column("partner_count", sa.Integer(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=False),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.Column("device_cohort", sa.Integer(), nullable=False),
        sa.Column("network_cohort", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "version_us"),
    )
    op.create_table(
        "reference_versions",
        sa.Column("version_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("population", sa.LargeBinary(), nullable=False),
        sa.Column("account_count", sa.BigInteger(), nullable=False),
        sa.Column("act_count", sa.BigInteger(), nullable=False),
        sa.Column("edge_count", sa.BigInteger(), nullable=False),
        sa.Column("null_edge_count", sa.Double(), nullable=False),
        sa.Column("cluster_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version_us"),
    )
    op.create_table(
        "signal_sketches",
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("build_us", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("partition"),
    )
    op.create_table(
        "jobs",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("lease_us", sa.BigInteger(), nullable=False),
        sa.Column("done_us", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "bases",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.Column("activity_count", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
