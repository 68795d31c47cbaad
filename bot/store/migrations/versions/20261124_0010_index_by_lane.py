"""The index of what is due, lane by lane, serves only those who go lane by lane."""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

UNSENT = 'sent_at IS NULL AND dead IS NULL'


def upgrade() -> None:
    replace(f'{UNSENT} AND lane >= 0')


def downgrade() -> None:
    replace(UNSENT)


def replace(which: str) -> None:
    op.drop_index('ix_outbox_due', table_name='outbox')
    op.create_index('ix_outbox_due', 'outbox', ['lane', 'due_at'], unique=False, postgresql_where=sa.text(which), sqlite_where=sa.text(which))
