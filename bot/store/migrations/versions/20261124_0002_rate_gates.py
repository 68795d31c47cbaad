"""Gates let messages through at a pace, and letters may expire."""

import sqlalchemy as sa
from alembic import op


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

MAY_EXPIRE = 'sent_at IS NULL AND dead IS NULL AND expires_at IS NOT NULL'


def upgrade() -> None:
    with op.batch_alter_table('gates', schema=None) as batch_op:
        batch_op.alter_column('closed_until', existing_type=sa.DateTime(timezone=True), nullable=True)
        batch_op.add_column(sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('next_us', sa.BigInteger(), server_default=sa.text('0'), nullable=False))

    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index('ix_outbox_expiry', ['expires_at'], unique=False, postgresql_where=sa.text(MAY_EXPIRE), sqlite_where=sa.text(MAY_EXPIRE))


def downgrade() -> None:
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_expiry', postgresql_where=sa.text(MAY_EXPIRE), sqlite_where=sa.text(MAY_EXPIRE))
        batch_op.drop_column('expires_at')

    op.execute("DELETE FROM gates WHERE closed_until IS NULL")
    with op.batch_alter_table('gates', schema=None) as batch_op:
        batch_op.drop_column('next_us')
        batch_op.drop_column('closed_at')
        batch_op.alter_column('closed_until', existing_type=sa.DateTime(timezone=True), nullable=False)
