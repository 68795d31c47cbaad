"""Marks by which sealed names are compared and found."""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('identities', schema=None) as batch_op:
        batch_op.add_column(sa.Column('fingerprint', sa.String(length=41), nullable=True))
        batch_op.add_column(sa.Column('handle', sa.String(length=41), nullable=True))
        batch_op.create_index(batch_op.f('ix_identities_handle'), ['handle'], unique=False)


def downgrade() -> None:
    # Sealed names cannot be read without the key: they go, and come back when their owners write.
    op.execute("DELETE FROM identities WHERE fingerprint IS NOT NULL")
    with op.batch_alter_table('identities', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_identities_handle'))
        batch_op.drop_column('handle')
        batch_op.drop_column('fingerprint')
