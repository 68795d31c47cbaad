"""Reviews, appeals, rework, and what a review pays."""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

PAY = {'basic': 25_000, 'language': 35_000, 'quality': 50_000, 'expert': 260_000}
HELD = "state = 'held'"
OPEN = "state IN ('waiting', 'held')"
RETURNED = "state = 'returned'"
APPEALED = "state = 'open'"


def moment() -> str:
    if op.get_bind().dialect.name == "sqlite":
        return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
    return "clock_timestamp()"


def partial(condition: str) -> dict[str, object]:
    return {'postgresql_where': sa.text(condition), 'sqlite_where': sa.text(condition)}


def identity() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('reviews',
    sa.Column('id', identity(), nullable=False),
    sa.Column('assignment_id', identity(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('purpose', sa.String(length=10), nullable=False),
    sa.Column('of_id', identity(), nullable=True),
    sa.Column('author_id', identity(), nullable=False),
    sa.Column('stage_id', identity(), nullable=False),
    sa.Column('queue_id', identity(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reviewer_id', identity(), nullable=True),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=True),
    sa.Column('pay_micro', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('verdict', sa.String(length=12), nullable=True),
    sa.Column('grade', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=2), nullable=True),
    sa.Column('note', sa.String(), server_default='', nullable=False),
    sa.Column('expected', sa.JSON(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('overturned', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignments.id'], name=op.f('fk_reviews_assignment_id_assignments')),
    sa.ForeignKeyConstraint(['of_id'], ['reviews.id'], name=op.f('fk_reviews_of_id_reviews')),
    sa.ForeignKeyConstraint(['author_id'], ['workers.id'], name=op.f('fk_reviews_author_id_workers')),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_reviews_stage_id_stages')),
    sa.ForeignKeyConstraint(['queue_id'], ['queues.id'], name=op.f('fk_reviews_queue_id_queues')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['workers.id'], name=op.f('fk_reviews_reviewer_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reviews')),
    sa.UniqueConstraint('assignment_id', 'round', name=op.f('uq_reviews_assignment_id_round')),
    sa.UniqueConstraint('assignment_id', 'reviewer_id', name=op.f('uq_reviews_assignment_id_reviewer_id'))
    )
    with op.batch_alter_table('reviews', schema=None) as batch_op:
        batch_op.create_index('uq_reviews_held', ['reviewer_id'], unique=True, **partial(HELD))
        batch_op.create_index('ix_reviews_open', ['due_at'], unique=False, **partial(OPEN))
        batch_op.create_index('ix_reviews_stage', ['stage_id', 'state'], unique=False)
        batch_op.create_index('ix_reviews_author', ['author_id', 'stage_id', 'decided_at'], unique=False)
        batch_op.create_index('ix_reviews_reviewer', ['reviewer_id', 'decided_at'], unique=False)

    op.create_table('appeals',
    sa.Column('id', identity(), nullable=False),
    sa.Column('review_id', identity(), nullable=False),
    sa.Column('worker_id', identity(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('photo', sa.String(length=200), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('decide_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['review_id'], ['reviews.id'], name=op.f('fk_appeals_review_id_reviews')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_appeals_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appeals')),
    sa.UniqueConstraint('review_id', name=op.f('uq_appeals_review_id'))
    )
    with op.batch_alter_table('appeals', schema=None) as batch_op:
        batch_op.create_index('ix_appeals_open', ['decide_by'], unique=False, **partial(APPEALED))
        batch_op.create_index(batch_op.f('ix_appeals_worker_id'), ['worker_id'], unique=False)

    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.add_column(sa.Column('grade', sa.Integer(), server_default='100', nullable=False))
        batch_op.add_column(sa.Column('returns', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('rework_until', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index('ix_assignments_rework', ['rework_until'], unique=False, **partial(RETURNED))

    with op.batch_alter_table('answers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reviewer_id', identity(), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_answers_reviewer_id_workers'), 'workers', ['reviewer_id'], ['id'])

    with op.batch_alter_table('tiers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('review_micro', sa.BigInteger(), server_default='0', nullable=False))
    # A tier of the operator's own: 20 seconds at its wage.
    op.execute(sa.text('UPDATE tiers SET review_micro = wage_micro / 180'))
    for name, micro in PAY.items():
        op.execute(sa.text(f"UPDATE tiers SET review_micro = {micro} WHERE name = '{name}'"))
    with op.batch_alter_table('tiers', schema=None) as batch_op:
        batch_op.alter_column('review_micro', existing_type=sa.BigInteger(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('tiers', schema=None) as batch_op:
        batch_op.drop_column('review_micro')

    with op.batch_alter_table('answers', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_answers_reviewer_id_workers'), type_='foreignkey')
        batch_op.drop_column('reviewer_id')

    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.drop_index('ix_assignments_rework', **partial(RETURNED))
        batch_op.drop_column('rework_until')
        batch_op.drop_column('returns')
        batch_op.drop_column('grade')

    op.drop_table('appeals')
    op.drop_table('reviews')
