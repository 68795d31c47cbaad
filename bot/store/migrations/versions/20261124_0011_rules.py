"""Restrictions, firings of rules, and reported tasks that are put aside."""

import sqlalchemy as sa
from alembic import op


revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

UNTOLD = "told_at IS NULL AND lifted_at IS NULL AND begins_at IS NOT NULL AND ends_at IS NOT NULL"


def moment() -> str:
    if op.get_bind().dialect.name == "sqlite":
        return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
    return "clock_timestamp()"


def id_type() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('restrictions',
    sa.Column('id', id_type(), nullable=False),
    sa.Column('worker_id', id_type(), nullable=False),
    sa.Column('project_id', id_type(), nullable=True),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('reason', sa.String(length=20), nullable=False),
    sa.Column('rule', sa.String(length=200), nullable=False),
    sa.Column('numbers', sa.JSON(), nullable=False),
    sa.Column('seconds', sa.BigInteger(), nullable=True),
    sa.Column('begins_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_by', id_type(), nullable=True),
    sa.Column('confirmed_by', id_type(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_restrictions_worker_id_workers')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_restrictions_project_id_projects')),
    sa.ForeignKeyConstraint(['created_by'], ['workers.id'], name=op.f('fk_restrictions_created_by_workers')),
    sa.ForeignKeyConstraint(['confirmed_by'], ['workers.id'], name=op.f('fk_restrictions_confirmed_by_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_restrictions'))
    )
    op.create_index('ix_restrictions_worker', 'restrictions', ['worker_id'])
    op.create_index('ix_restrictions_untold', 'restrictions', ['ends_at'], postgresql_where=sa.text(UNTOLD), sqlite_where=sa.text(UNTOLD))
    op.create_table('firings',
    sa.Column('id', id_type(), nullable=False),
    sa.Column('worker_id', id_type(), nullable=False),
    sa.Column('stage_id', id_type(), nullable=False),
    sa.Column('rule', sa.String(length=200), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('numbers', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_firings_worker_id_workers')),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_firings_stage_id_stages')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_firings')),
    sa.UniqueConstraint('worker_id', 'stage_id', 'rule', 'since', name=op.f('uq_firings_worker_id_stage_id_rule_since'))
    )
    op.create_table('extra_slots',
    sa.Column('assignment_id', id_type(), nullable=False),
    sa.Column('firing_id', id_type(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignments.id'], name=op.f('fk_extra_slots_assignment_id_assignments')),
    sa.ForeignKeyConstraint(['firing_id'], ['firings.id'], name=op.f('fk_extra_slots_firing_id_firings')),
    sa.PrimaryKeyConstraint('assignment_id', name=op.f('pk_extra_slots'))
    )
    op.create_table('rule_marks',
    sa.Column('queue_id', id_type(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['queue_id'], ['queues.id'], name=op.f('fk_rule_marks_queue_id_queues')),
    sa.PrimaryKeyConstraint('queue_id', name=op.f('pk_rule_marks'))
    )
    with op.batch_alter_table('tasks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('parked', sa.Integer(), nullable=True))
    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.add_column(sa.Column('state', sa.String(length=10), server_default='open', nullable=False))
        batch_op.add_column(sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_reports_open', 'reports', ['id'], postgresql_where=sa.text("state = 'open'"), sqlite_where=sa.text("state = 'open'"))


def downgrade() -> None:
    op.drop_index('ix_reports_open', table_name='reports')
    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.drop_column('decided_at')
        batch_op.drop_column('state')
    with op.batch_alter_table('tasks', schema=None) as batch_op:
        batch_op.drop_column('parked')
    op.drop_table('rule_marks')
    op.drop_table('extra_slots')
    op.drop_table('firings')
    op.drop_table('restrictions')
