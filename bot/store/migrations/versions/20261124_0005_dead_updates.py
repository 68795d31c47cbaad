"""Updates that were given up are found without reading those that were not."""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    dead = sa.text('dead IS NOT NULL')
    op.create_index('ix_inbox_dead', 'inbox', ['received_at'], unique=False, postgresql_where=dead, sqlite_where=dead)


def downgrade() -> None:
    op.drop_index('ix_inbox_dead', table_name='inbox')
