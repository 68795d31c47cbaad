"""Reviews whose verdict is known, exams that people grade, reviewers who wait for reviews."""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

GRADING = sa.text("state = 'grading'")


def upgrade() -> None:
    with op.batch_alter_table('reviews', schema=None) as batch_op:
        batch_op.add_column(sa.Column('right', sa.Boolean(), nullable=True))

    with op.batch_alter_table('sittings', schema=None) as batch_op:
        batch_op.add_column(sa.Column('grade_by', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('score_ppm', sa.Integer(), nullable=True))
        batch_op.create_index('ix_sittings_grading', ['grade_by'], unique=False, postgresql_where=GRADING, sqlite_where=GRADING)

    with op.batch_alter_table('chats', schema=None) as batch_op:
        batch_op.add_column(sa.Column('call_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_chats_call_at'), ['call_at'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('chats', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_chats_call_at'))
        batch_op.drop_column('call_at')

    with op.batch_alter_table('sittings', schema=None) as batch_op:
        batch_op.drop_index('ix_sittings_grading')
        batch_op.drop_column('score_ppm')
        batch_op.drop_column('grade_by')

    with op.batch_alter_table('reviews', schema=None) as batch_op:
        batch_op.drop_column('right')
