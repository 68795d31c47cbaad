"""Work by the calendar. Everybody who works already gets the weekly summary from next Monday on."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

WORKERS = sa.table('workers', sa.column('id'), sa.column('state'), sa.column('zone'))


def upgrade() -> None:
    schedule = op.create_table('schedule',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('job', sa.String(length=20), nullable=False),
    sa.Column('subject', sa.BigInteger(), nullable=False),
    sa.Column('period', sa.Date(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_schedule')),
    sa.UniqueConstraint('job', 'subject', 'period', name=op.f('uq_schedule_job_subject_period'))
    )
    open_ = sa.text('done_at IS NULL')
    op.create_index('ix_schedule_due', 'schedule', ['job', 'due_at'], unique=False, postgresql_where=open_, sqlite_where=open_)
    plan_summaries(schedule)


def plan_summaries(schedule: sa.Table) -> None:
    """A row for every worker, as joining makes one: one statement for each zone."""
    working = WORKERS.c.state.in_(['active', 'paused'])
    zones = op.get_bind().scalars(sa.select(WORKERS.c.zone).where(working).distinct()).all()
    for zone in zones:
        now = datetime.now(ZoneInfo(zone or 'UTC'))
        monday = now.date() + timedelta(days=7 - now.weekday())
        # Monday at nine is in no zone's gap or fold.
        due_at = datetime.combine(monday, time(9), now.tzinfo).astimezone(UTC)
        row = sa.select(
            sa.literal('summary', sa.String()),
            WORKERS.c.id,
            sa.literal(monday, sa.Date()),
            sa.literal(due_at, sa.DateTime(timezone=True)),
        ).where(working, WORKERS.c.zone.is_not_distinct_from(zone))
        op.execute(schedule.insert().from_select(['job', 'subject', 'period', 'due_at'], row))


def downgrade() -> None:
    op.drop_index('ix_schedule_due', table_name='schedule')
    op.drop_table('schedule')
