"""What rulesets in SHADOW would have done, and keys of sanctioned accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "shadows",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("judged", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "shadow_flips",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column(
            "profile_revision", sa.BigInteger(), autoincrement=False, nullable=False
        ),
        sa.Column("live_tier", sa.Integer(), nullable=False),
        sa.Column("shadow_tier", sa.Integer(), nullable=False),
        sa.Column("live_interaction", sa.Integer(), nullable=False),
        sa.Column("shadow_interaction", sa.Integer(), nullable=False),
        sa.Column("flip_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "digest", "profile_revision"),
    )
    op.create_index("shadow_flips_by_digest", "shadow_flips", ["digest"])
    op.create_table(
        "identity_keys",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account", "key"),
    )
    op.create_index("identity_keys_by_key", "identity_keys", ["key"])
