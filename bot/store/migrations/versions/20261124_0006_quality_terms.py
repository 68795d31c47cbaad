"""What a stage demands of people and answers, and room for a longer state."""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('stage_versions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('quality', sa.JSON(), server_default='{}', nullable=False))
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.alter_column('state', existing_type=sa.String(length=10), type_=sa.String(length=12), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.alter_column('state', existing_type=sa.String(length=12), type_=sa.String(length=10), existing_nullable=False)
    with op.batch_alter_table('stage_versions', schema=None) as batch_op:
        batch_op.drop_column('quality')
