"""The wage guard: floors, corrected times, projects below the floor, weekly top-ups."""

import sqlalchemy as sa
from alembic import op



revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
OPEN = 'ended_at IS NULL'


def moment() -> str:
    if op.get_bind().dialect.name == 'postgresql':
        return 'clock_timestamp()'
    return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"


def upgrade() -> None:
    op.create_table('floors',
    sa.Column('id', Id, nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('micro', sa.BigInteger(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('set_by', Id, nullable=True),
    sa.Column('set_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['set_by'], ['workers.id'], name=op.f('fk_floors_set_by_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_floors')),
    sa.UniqueConstraint('country', 'currency', 'since', name=op.f('uq_floors_country_currency_since'))
    )
    op.create_table('corrections',
    sa.Column('assignment_id', Id, nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignments.id'], name=op.f('fk_corrections_assignment_id_assignments')),
    sa.PrimaryKeyConstraint('assignment_id', name=op.f('pk_corrections'))
    )
    op.create_table('floor_waivers',
    sa.Column('project_id', Id, nullable=False),
    sa.Column('owner_id', Id, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_floor_waivers_project_id_projects')),
    sa.ForeignKeyConstraint(['owner_id'], ['workers.id'], name=op.f('fk_floor_waivers_owner_id_workers')),
    sa.PrimaryKeyConstraint('project_id', name=op.f('pk_floor_waivers'))
    )
    op.create_table('wage_stops',
    sa.Column('id', Id, nullable=False),
    sa.Column('project_id', Id, nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('micro', sa.BigInteger(), nullable=False),
    sa.Column('floor_micro', sa.BigInteger(), nullable=False),
    sa.Column('answers', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_wage_stops_project_id_projects')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_wage_stops'))
    )
    op.create_index('uq_wage_stops_open', 'wage_stops', ['project_id'], unique=True, postgresql_where=sa.text(OPEN), sqlite_where=sa.text(OPEN))
    op.create_table('top_ups',
    sa.Column('id', Id, nullable=False),
    sa.Column('worker_id', Id, nullable=False),
    sa.Column('project_id', Id, nullable=False),
    sa.Column('monday', sa.Date(), nullable=False),
    sa.Column('micro', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.Column('earned_micro', sa.BigInteger(), nullable=False),
    sa.Column('due_micro', sa.BigInteger(), nullable=False),
    sa.Column('posting_id', Id, nullable=False),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_top_ups_worker_id_workers')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_top_ups_project_id_projects')),
    sa.ForeignKeyConstraint(['posting_id'], ['postings.id'], name=op.f('fk_top_ups_posting_id_postings')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_top_ups')),
    sa.UniqueConstraint('worker_id', 'monday', 'project_id', 'currency', name=op.f('uq_top_ups_worker_id_monday_project_id_currency')),
    sa.UniqueConstraint('posting_id', name=op.f('uq_top_ups_posting_id'))
    )
    op.create_index('ix_top_ups_project', 'top_ups', ['project_id', 'monday'], unique=False)


def downgrade() -> None:
    op.drop_table('top_ups')
    op.drop_table('wage_stops')
    op.drop_table('floor_waivers')
    op.drop_table('corrections')
    op.drop_table('floors')
