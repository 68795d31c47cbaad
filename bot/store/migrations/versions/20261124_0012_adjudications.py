"""Decisions about tasks whose answers have no majority."""

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
HELD = "state = 'held'"


def upgrade() -> None:
    op.create_table('adjudications',
    sa.Column('id', Id, nullable=False),
    sa.Column('task_id', Id, nullable=False),
    sa.Column('stage_id', Id, nullable=False),
    sa.Column('queue_id', Id, nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('reviewer_id', Id, nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('label', sa.String(), nullable=True),
    sa.Column('cause', sa.String(length=10), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_adjudications_task_id_tasks')),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_adjudications_stage_id_stages')),
    sa.ForeignKeyConstraint(['queue_id'], ['queues.id'], name=op.f('fk_adjudications_queue_id_queues')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['workers.id'], name=op.f('fk_adjudications_reviewer_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_adjudications')),
    sa.UniqueConstraint('task_id', name=op.f('uq_adjudications_task_id'))
    )
    with op.batch_alter_table('adjudications', schema=None) as batch_op:
        batch_op.create_index('uq_adjudications_held', ['reviewer_id'], unique=True, postgresql_where=sa.text(HELD), sqlite_where=sa.text(HELD))
        batch_op.create_index('ix_adjudications_stage', ['stage_id', 'state'], unique=False)


def downgrade() -> None:
    op.drop_table('adjudications')
