"""Destinations, batches and payouts, with what was said to providers and by them."""

import sqlalchemy as sa
from alembic import op


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def moment() -> str:
    if op.get_bind().dialect.name == "sqlite":
        return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
    return "clock_timestamp()"


def id_type() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('payout_limits',
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('alone', sa.BigInteger(), nullable=False),
    sa.Column('worker', sa.BigInteger(), nullable=True),
    sa.Column('day', sa.BigInteger(), nullable=True),
    sa.Column('first', sa.BigInteger(), nullable=True),
    sa.Column('minimum', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('currency', name=op.f('pk_payout_limits'))
    )
    op.create_table('payout_results',
    sa.Column('id', id_type(), nullable=False),
    sa.Column('provider', sa.String(length=20), nullable=False),
    sa.Column('reference', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('receipt', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payout_results')),
    sa.UniqueConstraint('provider', 'reference', 'state', 'receipt', name=op.f('uq_payout_results_provider_reference_state_receipt'))
    )
    with op.batch_alter_table('payout_results', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payout_results_reference'), ['reference'], unique=False)

    op.create_table('destinations',
    sa.Column('id', id_type(), nullable=False),
    sa.Column('worker_id', id_type(), nullable=False),
    sa.Column('provider', sa.String(length=20), nullable=False),
    sa.Column('sealed', sa.String(), nullable=True),
    sa.Column('mark', sa.String(length=41), nullable=True),
    sa.Column('shared', sa.Boolean(), nullable=False),
    sa.Column('cleared_by', id_type(), nullable=True),
    sa.Column('cleared_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('usable_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['cleared_by'], ['workers.id'], name=op.f('fk_destinations_cleared_by_workers')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_destinations_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_destinations'))
    )
    with op.batch_alter_table('destinations', schema=None) as batch_op:
        batch_op.create_index('ix_destinations_worker', ['worker_id'], unique=False)
        batch_op.create_index('uq_destinations_current', ['worker_id', 'provider'], unique=True, postgresql_where=sa.text('retired_at IS NULL'), sqlite_where=sa.text('retired_at IS NULL'))
        batch_op.create_index('uq_destinations_mark', ['provider', 'mark'], unique=True, postgresql_where=sa.text('retired_at IS NULL AND NOT shared'), sqlite_where=sa.text('retired_at IS NULL AND NOT shared'))

    op.create_table('payout_plans',
    sa.Column('id', id_type(), nullable=False),
    sa.Column('provider', sa.String(length=20), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('every', sa.String(length=5), nullable=False),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('created_by', id_type(), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['workers.id'], name=op.f('fk_payout_plans_created_by_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payout_plans'))
    )
    op.create_table('batches',
    sa.Column('id', id_type(), nullable=False),
    sa.Column('code', sa.String(length=12), nullable=False),
    sa.Column('provider', sa.String(length=20), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('plan_id', id_type(), nullable=True),
    sa.Column('period', sa.Date(), nullable=True),
    sa.Column('created_by', id_type(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('frozen_by', id_type(), nullable=True),
    sa.Column('approved_by', id_type(), nullable=True),
    sa.Column('paid_by', id_type(), nullable=True),
    sa.Column('changed_by', id_type(), nullable=True),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['approved_by'], ['workers.id'], name=op.f('fk_batches_approved_by_workers')),
    sa.ForeignKeyConstraint(['changed_by'], ['workers.id'], name=op.f('fk_batches_changed_by_workers')),
    sa.ForeignKeyConstraint(['created_by'], ['workers.id'], name=op.f('fk_batches_created_by_workers')),
    sa.ForeignKeyConstraint(['frozen_by'], ['workers.id'], name=op.f('fk_batches_frozen_by_workers')),
    sa.ForeignKeyConstraint(['paid_by'], ['workers.id'], name=op.f('fk_batches_paid_by_workers')),
    sa.ForeignKeyConstraint(['plan_id'], ['payout_plans.id'], name=op.f('fk_batches_plan_id_payout_plans')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batches')),
    sa.UniqueConstraint('code', name=op.f('uq_batches_code'))
    )
    with op.batch_alter_table('batches', schema=None) as batch_op:
        batch_op.create_index('ix_batches_state', ['state'], unique=False)
        batch_op.create_index('uq_batches_draft', ['provider', 'currency', 'country'], unique=True, postgresql_where=sa.text("state = 'draft'"), sqlite_where=sa.text("state = 'draft'"))

    op.create_table('batch_files',
    sa.Column('id', id_type(), nullable=False),
    sa.Column('batch_id', id_type(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('sealed', sa.Text(), nullable=False),
    sa.Column('key', sa.String(length=8), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['batches.id'], name=op.f('fk_batch_files_batch_id_batches')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batch_files')),
    sa.UniqueConstraint('batch_id', 'name', name=op.f('uq_batch_files_batch_id_name'))
    )
    op.create_table('payout_attempts',
    sa.Column('id', id_type(), nullable=False),
    sa.Column('batch_id', id_type(), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('handle', sa.String(length=80), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['batch_id'], ['batches.id'], name=op.f('fk_payout_attempts_batch_id_batches')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payout_attempts')),
    sa.UniqueConstraint('key', name=op.f('uq_payout_attempts_key'))
    )
    with op.batch_alter_table('payout_attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payout_attempts_batch_id'), ['batch_id'], unique=False)
        batch_op.create_index('ix_payout_attempts_due', ['due_at'], unique=False, postgresql_where=sa.text('due_at IS NOT NULL'), sqlite_where=sa.text('due_at IS NOT NULL'))

    op.create_table('payouts',
    sa.Column('id', id_type(), nullable=False),
    sa.Column('batch_id', id_type(), nullable=False),
    sa.Column('worker_id', id_type(), nullable=False),
    sa.Column('destination_id', id_type(), nullable=True),
    sa.Column('attempt_id', id_type(), nullable=True),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('fee', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('receipt', sa.String(length=80), nullable=False),
    sa.Column('requested', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['attempt_id'], ['payout_attempts.id'], name=op.f('fk_payouts_attempt_id_payout_attempts')),
    sa.ForeignKeyConstraint(['batch_id'], ['batches.id'], name=op.f('fk_payouts_batch_id_batches')),
    sa.ForeignKeyConstraint(['destination_id'], ['destinations.id'], name=op.f('fk_payouts_destination_id_destinations')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_payouts_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payouts')),
    sa.UniqueConstraint('batch_id', 'worker_id', name=op.f('uq_payouts_batch_id_worker_id')),
    sa.UniqueConstraint('reference', name=op.f('uq_payouts_reference'))
    )
    with op.batch_alter_table('payouts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payouts_attempt_id'), ['attempt_id'], unique=False)
        batch_op.create_index('ix_payouts_untold', ['id'], unique=False, postgresql_where=sa.text("told_at IS NULL AND state IN ('settled', 'failed', 'left_out')"), sqlite_where=sa.text("told_at IS NULL AND state IN ('settled', 'failed', 'left_out')"))
        batch_op.create_index('ix_payouts_worker', ['worker_id', 'state'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('payouts', schema=None) as batch_op:
        batch_op.drop_index('ix_payouts_worker')
        batch_op.drop_index('ix_payouts_untold', postgresql_where=sa.text("told_at IS NULL AND state IN ('settled', 'failed', 'left_out')"), sqlite_where=sa.text("told_at IS NULL AND state IN ('settled', 'failed', 'left_out')"))
        batch_op.drop_index(batch_op.f('ix_payouts_attempt_id'))

    op.drop_table('payouts')
    with op.batch_alter_table('payout_attempts', schema=None) as batch_op:
        batch_op.drop_index('ix_payout_attempts_due', postgresql_where=sa.text('due_at IS NOT NULL'), sqlite_where=sa.text('due_at IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_payout_attempts_batch_id'))

    op.drop_table('payout_attempts')
    op.drop_table('batch_files')
    with op.batch_alter_table('batches', schema=None) as batch_op:
        batch_op.drop_index('uq_batches_draft', postgresql_where=sa.text("state = 'draft'"), sqlite_where=sa.text("state = 'draft'"))
        batch_op.drop_index('ix_batches_state')

    op.drop_table('batches')
    op.drop_table('payout_plans')
    with op.batch_alter_table('destinations', schema=None) as batch_op:
        batch_op.drop_index('uq_destinations_mark', postgresql_where=sa.text('retired_at IS NULL AND NOT shared'), sqlite_where=sa.text('retired_at IS NULL AND NOT shared'))
        batch_op.drop_index('uq_destinations_current', postgresql_where=sa.text('retired_at IS NULL'), sqlite_where=sa.text('retired_at IS NULL'))
        batch_op.drop_index('ix_destinations_worker')

    op.drop_table('destinations')
    with op.batch_alter_table('payout_results', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payout_results_reference'))

    op.drop_table('payout_results')
    op.drop_table('payout_limits')
