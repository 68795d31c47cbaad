"""Skills, what they rest on, and trainings and exams."""

import sqlalchemy as sa
from alembic import op


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('skills',
    sa.Column('worker_id', Id, nullable=False),
    sa.Column('skill', sa.String(length=40), nullable=False),
    sa.Column('score_ppm', sa.Integer(), nullable=False),
    sa.Column('observations', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_skills_worker_id_workers')),
    sa.PrimaryKeyConstraint('worker_id', 'skill', name=op.f('pk_skills'))
    )
    op.create_table('observations',
    sa.Column('id', Id, nullable=False),
    sa.Column('worker_id', Id, nullable=False),
    sa.Column('skill', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=12), nullable=False),
    sa.Column('assignment_id', Id, nullable=True),
    sa.Column('share_ppm', sa.Integer(), nullable=False),
    sa.Column('weight', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignments.id'], name=op.f('fk_observations_assignment_id_assignments')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_observations_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_observations')),
    sa.UniqueConstraint('source', 'assignment_id', name=op.f('uq_observations_source_assignment_id'))
    )
    op.create_index('ix_observations_recent', 'observations', ['worker_id', 'skill', 'at'])
    op.create_table('skill_changes',
    sa.Column('id', Id, nullable=False),
    sa.Column('worker_id', Id, nullable=False),
    sa.Column('skill', sa.String(length=40), nullable=False),
    sa.Column('source', sa.String(length=12), nullable=False),
    sa.Column('before_ppm', sa.Integer(), nullable=True),
    sa.Column('after_ppm', sa.Integer(), nullable=False),
    sa.Column('observations', sa.Integer(), nullable=False),
    sa.Column('changed_by', Id, nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['changed_by'], ['workers.id'], name=op.f('fk_skill_changes_changed_by_workers')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_skill_changes_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_skill_changes'))
    )
    op.create_index('ix_skill_changes_history', 'skill_changes', ['worker_id', 'skill', 'id'])
    op.create_table('sittings',
    sa.Column('id', Id, nullable=False),
    sa.Column('worker_id', Id, nullable=False),
    sa.Column('stage_id', Id, nullable=False),
    sa.Column('stage_version', sa.Integer(), nullable=False),
    sa.Column('queue_id', Id, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('tasks', sa.Integer(), nullable=False),
    sa.Column('answered', sa.Integer(), nullable=False),
    sa.Column('correct', sa.Integer(), nullable=False),
    sa.Column('mending_id', sa.BigInteger(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('retry_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['queue_id'], ['queues.id'], name=op.f('fk_sittings_queue_id_queues')),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_sittings_stage_id_stages')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_sittings_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sittings')),
    sa.UniqueConstraint('worker_id', 'queue_id', 'number', name=op.f('uq_sittings_worker_id_queue_id_number'))
    )
    op.create_index('uq_sittings_open', 'sittings', ['worker_id'], unique=True, postgresql_where=sa.text("state = 'open'"), sqlite_where=sa.text("state = 'open'"))
    with op.batch_alter_table('queues', schema=None) as batch_op:
        batch_op.add_column(sa.Column('concepts', sa.JSON(), server_default='[]', nullable=False))
    with op.batch_alter_table('tasks', schema=None) as batch_op:
        batch_op.add_column(sa.Column('concept', sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column('difficulty', sa.Integer(), nullable=True))
        batch_op.create_index('ix_tasks_concept', ['queue_id', 'concept', 'position'], postgresql_where=sa.text('gold IS NOT NULL'), sqlite_where=sa.text('gold IS NOT NULL'))
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sitting_id', Id, nullable=True))
        batch_op.create_foreign_key(op.f('fk_assignments_sitting_id_sittings'), 'sittings', ['sitting_id'], ['id'])
        batch_op.create_index('ix_assignments_gold', ['worker_id', 'queue_id'], postgresql_where=sa.text('gold'), sqlite_where=sa.text('gold = 1'))


def downgrade() -> None:
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.drop_index('ix_assignments_gold')
        batch_op.drop_constraint(op.f('fk_assignments_sitting_id_sittings'), type_='foreignkey')
        batch_op.drop_column('sitting_id')
    with op.batch_alter_table('tasks', schema=None) as batch_op:
        batch_op.drop_index('ix_tasks_concept')
        batch_op.drop_column('difficulty')
        batch_op.drop_column('concept')
    with op.batch_alter_table('queues', schema=None) as batch_op:
        batch_op.drop_column('concepts')
    op.drop_table('sittings')
    op.drop_table('skill_changes')
    op.drop_table('observations')
    op.drop_table('skills')
