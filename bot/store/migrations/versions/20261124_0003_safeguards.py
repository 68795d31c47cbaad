"""What freezes payouts, the faults that are open, and since when an update fails."""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def moment() -> str:
    if op.get_bind().dialect.name == "sqlite":
        return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
    return "clock_timestamp()"


def upgrade() -> None:
    safeguards = op.create_table('safeguards',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('payouts_frozen_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('payouts_frozen_reason', sa.String(), nullable=True),
    sa.Column('watched_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('proven_posting', sa.BigInteger(), nullable=False),
    sa.Column('proven_answer', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_safeguards_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_safeguards'))
    )
    op.bulk_insert(safeguards, [{"id": 1, "proven_posting": 0, "proven_answer": 0}])
    op.create_table('faults',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('rows', sa.JSON(), nullable=False),
    sa.Column('found_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_faults'))
    )
    # SQLite adds no column whose default is an expression: the table, small, is copied there.
    with op.batch_alter_table('attempts', schema=None, recreate='auto' if op.get_bind().dialect.name == 'postgresql' else 'always') as batch_op:
        batch_op.add_column(sa.Column('since', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('attempts', schema=None) as batch_op:
        batch_op.drop_column('since')

    op.drop_table('faults')
    op.drop_table('safeguards')
