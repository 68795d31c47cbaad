"""Tiers and fields with their history, bonuses, what projects have spent."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op


revision = '0015'
down_revision = '0013'
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
Utc = sa.DateTime(timezone=True)
HOLD = 3 * 86_400
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
FIELDS = {
    'biology': 25, 'chemistry': 25, 'finance': 30, 'law': 32, 'mathematics': 28, 'medicine': 35, 'physics': 27,
    'software': 32,
}
OLD = ('name', 'wage_micro', 'currency', 'premium_ppm', 'review_micro')


def now() -> sa.TextClause:
    if op.get_bind().dialect.name == 'sqlite':
        return sa.text("((strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'))")
    return sa.text('clock_timestamp()')


def upgrade() -> None:
    op.create_table('fields',
    sa.Column('id', Id, nullable=False),
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('begins_at', Utc, server_default=now(), nullable=False),
    sa.Column('wage_micro', sa.BigInteger(), nullable=False),
    sa.Column('made_by', Id, nullable=True),
    sa.Column('made_at', Utc, server_default=now(), nullable=False),
    sa.ForeignKeyConstraint(['made_by'], ['workers.id'], name=op.f('fk_fields_made_by_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fields')),
    sa.UniqueConstraint('name', 'currency', 'begins_at', name=op.f('uq_fields_name_currency_begins_at'))
    )
    op.create_table('bonuses',
    sa.Column('id', Id, nullable=False),
    sa.Column('token', sa.String(length=16), nullable=False),
    sa.Column('worker_id', Id, nullable=False),
    sa.Column('project_id', Id, nullable=False),
    sa.Column('assignment_id', Id, nullable=True),
    sa.Column('micro', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('message', sa.JSON(), nullable=False),
    sa.Column('made_by', Id, nullable=True),
    sa.Column('made_at', Utc, server_default=now(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignments.id'], name=op.f('fk_bonuses_assignment_id_assignments')),
    sa.ForeignKeyConstraint(['made_by'], ['workers.id'], name=op.f('fk_bonuses_made_by_workers')),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_bonuses_project_id_projects')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_bonuses_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bonuses')),
    sa.UniqueConstraint('token', name=op.f('uq_bonuses_token'))
    )
    op.create_index(op.f('ix_bonuses_worker_id'), 'bonuses', ['worker_id'], unique=False)
    op.create_table('spending',
    sa.Column('project_id', Id, nullable=False),
    sa.Column('micro', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_spending_project_id_projects')),
    sa.PrimaryKeyConstraint('project_id', name=op.f('pk_spending'))
    )
    tally = op.create_table('tally',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('posting', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_tally_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tally'))
    )
    op.bulk_insert(tally, [{'id': 1, 'posting': 0}])
    op.create_table('budget_alarms',
    sa.Column('project_id', Id, nullable=False),
    sa.Column('budget_micro', sa.BigInteger(), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=False),
    sa.Column('raised_at', Utc, server_default=now(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_budget_alarms_project_id_projects')),
    sa.PrimaryKeyConstraint('project_id', 'budget_micro', 'percent', name=op.f('pk_budget_alarms'))
    )
    op.create_table('farewells',
    sa.Column('project_id', Id, nullable=False),
    sa.Column('worker_id', Id, nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_farewells_project_id_projects')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_farewells_worker_id_workers')),
    sa.PrimaryKeyConstraint('project_id', 'worker_id', 'step', name=op.f('pk_farewells'))
    )
    with op.batch_alter_table('projects', schema=None) as batch_op:
        batch_op.add_column(sa.Column('closing_at', Utc, nullable=True))
        batch_op.add_column(sa.Column('farewell_at', Utc, nullable=True))
    with op.batch_alter_table('workers', schema=None) as batch_op:
        batch_op.add_column(sa.Column('field', sa.String(length=20), nullable=True))
    _give_tiers_history()


def _give_tiers_history() -> None:
    before = _tiers()
    op.drop_table('tiers')
    tiers = op.create_table('tiers',
    sa.Column('id', Id, nullable=False),
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('begins_at', Utc, server_default=now(), nullable=False),
    sa.Column('wage_micro', sa.BigInteger(), nullable=False),
    sa.Column('floor_micro', sa.BigInteger(), nullable=False),
    sa.Column('premium_ppm', sa.Integer(), nullable=False),
    sa.Column('review_micro', sa.BigInteger(), nullable=False),
    sa.Column('least_micro', sa.BigInteger(), nullable=False),
    sa.Column('hold_seconds', sa.Integer(), nullable=False),
    sa.Column('skills', sa.JSON(), nullable=False),
    sa.Column('field', sa.String(length=20), nullable=False),
    sa.Column('made_by', Id, nullable=True),
    sa.Column('made_at', Utc, server_default=now(), nullable=False),
    sa.ForeignKeyConstraint(['made_by'], ['workers.id'], name=op.f('fk_tiers_made_by_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tiers')),
    sa.UniqueConstraint('name', 'currency', 'country', 'begins_at', name=op.f('uq_tiers_name_currency_country_begins_at'))
    )
    fresh = {
        'country': '', 'begins_at': BEGAN, 'floor_micro': 0, 'least_micro': 0, 'hold_seconds': HOLD, 'skills': [],
        'field': '',
    }
    op.bulk_insert(tiers, [{**one, **fresh} for one in before])
    fields = sa.table('fields', *(sa.column(one) for one in ('name', 'currency', 'wage_micro')), sa.column('begins_at', Utc))
    op.bulk_insert(fields, [
        {'name': name, 'currency': 'USD', 'begins_at': BEGAN, 'wage_micro': wage * 1_000_000}
        for name, wage in FIELDS.items()
    ])


def _tiers() -> list[dict[str, object]]:
    """The tiers as they were: one row each."""
    table = sa.table('tiers', *(sa.column(one) for one in OLD))
    found = op.get_bind().execute(sa.select(table)).mappings()
    return [dict(row) for row in found]


def downgrade() -> None:
    table = sa.table('tiers', *(sa.column(one) for one in (*OLD, 'id', 'country', 'begins_at')))
    usual = sa.select(*(table.c[one] for one in OLD)).where(table.c.currency == 'USD', table.c.country == '')
    rows = op.get_bind().execute(usual.order_by(table.c.begins_at, table.c.id)).mappings()
    before = list({row['name']: dict(row) for row in rows}.values())
    op.drop_table('tiers')
    tiers = op.create_table('tiers',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('wage_micro', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('premium_ppm', sa.Integer(), nullable=False),
    sa.Column('review_micro', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_tiers'))
    )
    op.bulk_insert(tiers, before)
    with op.batch_alter_table('workers', schema=None) as batch_op:
        batch_op.drop_column('field')
    with op.batch_alter_table('projects', schema=None) as batch_op:
        batch_op.drop_column('farewell_at')
        batch_op.drop_column('closing_at')
    for name in ('farewells', 'budget_alarms', 'tally', 'spending', 'bonuses', 'fields'):
        op.drop_table(name)
