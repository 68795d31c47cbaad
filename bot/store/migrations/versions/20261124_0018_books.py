"""Hash chains over ledger and audit, an audit that is only added to; pinned status cards."""

import sqlalchemy as sa
from alembic import op


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

SQLITE = """
CREATE TRIGGER accounts_never_change BEFORE UPDATE ON accounts
BEGIN SELECT RAISE(ABORT, 'ledger: an account never changes'); END;
CREATE TRIGGER accounts_never_go BEFORE DELETE ON accounts
BEGIN SELECT RAISE(ABORT, 'ledger: an account never goes'); END;
CREATE TRIGGER postings_keep_currencies BEFORE UPDATE ON postings
WHEN EXISTS (SELECT 1 FROM entries JOIN accounts ON accounts.id = entries.account_id
             WHERE entries.posting_id = NEW.id AND entries.currency <> accounts.currency)
BEGIN SELECT RAISE(ABORT, 'ledger: an entry in another currency than its account'); END;
CREATE TRIGGER ledger_days_never_change BEFORE UPDATE ON ledger_days
BEGIN SELECT RAISE(ABORT, 'ledger: a day never changes'); END;
CREATE TRIGGER ledger_days_never_go BEFORE DELETE ON ledger_days
BEGIN SELECT RAISE(ABORT, 'ledger: a day never goes'); END;
CREATE TRIGGER audit_starts_unchained BEFORE INSERT ON audit
WHEN NEW.position IS NOT NULL OR NEW.hash IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'audit: a row is chained later'); END;
CREATE TRIGGER audit_is_only_chained BEFORE UPDATE ON audit
WHEN OLD.position IS NOT NULL OR NEW.position IS NULL OR NEW.hash IS NULL
  OR NOT (OLD.id = NEW.id AND OLD.at = NEW.at AND OLD.actor_id IS NEW.actor_id
          AND OLD.action = NEW.action AND OLD.subject = NEW.subject
          AND OLD.before IS NEW.before AND OLD.after IS NEW.after)
BEGIN SELECT RAISE(ABORT, 'audit: a row never changes'); END;
CREATE TRIGGER audit_never_goes BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit: a row never goes'); END;
"""
SQLITE_TRIGGERS = (
    "accounts_never_change", "accounts_never_go", "postings_keep_currencies",
    "ledger_days_never_change", "ledger_days_never_go",
    "audit_starts_unchained", "audit_is_only_chained", "audit_never_goes",
)

SEAL = """
CREATE OR REPLACE FUNCTION ledger_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.sealed THEN RAISE EXCEPTION 'ledger: a posting starts open'; END IF;
    RETURN NEW;
  END IF;
  IF OLD.sealed OR NOT NEW.sealed OR (OLD.id, OLD.key, OLD.digest, OLD.kind, OLD.at)
       IS DISTINCT FROM (NEW.id, NEW.key, NEW.digest, NEW.kind, NEW.at)
     OR (OLD.reverses, OLD.assignment_id) IS DISTINCT FROM (NEW.reverses, NEW.assignment_id) THEN
    RAISE EXCEPTION 'ledger: a posting never changes';
  END IF;
  IF (SELECT count(*) FROM entries WHERE posting_id = NEW.id) < 2
     OR EXISTS (SELECT 1 FROM entries WHERE posting_id = NEW.id
                GROUP BY currency HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'ledger: the posting does not balance';
  END IF;
  %s
  RETURN NEW;
END $$;
"""
CURRENCIES = """
  IF EXISTS (SELECT 1 FROM entries JOIN accounts ON accounts.id = entries.account_id
             WHERE entries.posting_id = NEW.id AND entries.currency <> accounts.currency) THEN
    RAISE EXCEPTION 'ledger: an entry in another currency than its account';
  END IF;
"""
POSTGRESQL = """
CREATE FUNCTION audit_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'audit: a row never goes'; END $$;
CREATE FUNCTION audit_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.position IS NOT NULL OR NEW.hash IS NOT NULL THEN
      RAISE EXCEPTION 'audit: a row is chained later';
    END IF;
  ELSIF OLD.position IS NOT NULL OR NEW.position IS NULL OR NEW.hash IS NULL
     OR (OLD.id, OLD.at, OLD.actor_id, OLD.action, OLD.subject, OLD.before, OLD.after)
        IS DISTINCT FROM
        (NEW.id, NEW.at, NEW.actor_id, NEW.action, NEW.subject, NEW.before, NEW.after) THEN
    RAISE EXCEPTION 'audit: a row never changes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_row BEFORE INSERT OR UPDATE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_row();
CREATE TRIGGER audit_never_goes BEFORE DELETE ON audit
  FOR EACH ROW EXECUTE FUNCTION audit_never();
CREATE TRIGGER audit_never_truncated BEFORE TRUNCATE ON audit
  FOR EACH STATEMENT EXECUTE FUNCTION audit_never();
CREATE TRIGGER accounts_never_change BEFORE UPDATE OR DELETE ON accounts
  FOR EACH ROW EXECUTE FUNCTION ledger_never();
CREATE TRIGGER accounts_never_truncated BEFORE TRUNCATE ON accounts
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
CREATE TRIGGER ledger_days_never_change BEFORE UPDATE OR DELETE ON ledger_days
  FOR EACH ROW EXECUTE FUNCTION ledger_never();
CREATE TRIGGER ledger_days_never_truncated BEFORE TRUNCATE ON ledger_days
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
"""
UNGUARD = """
DROP TRIGGER accounts_never_change ON accounts;
DROP TRIGGER accounts_never_truncated ON accounts;
DROP TRIGGER audit_row ON audit;
DROP TRIGGER audit_never_goes ON audit;
DROP TRIGGER audit_never_truncated ON audit;
DROP FUNCTION audit_never();
DROP FUNCTION audit_row();
"""


def moment() -> str:
    if op.get_bind().dialect.name == "sqlite":
        return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
    return "clock_timestamp()"


def upgrade() -> None:
    op.create_table('ledger_days',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('upto', sa.BigInteger(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_ledger_days'))
    )
    op.create_table('status_cards',
    sa.Column('worker_id', Id, nullable=False),
    sa.Column('letter', sa.BigInteger(), nullable=True),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('shown', sa.String(length=64), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_status_cards_worker_id_workers')),
    sa.PrimaryKeyConstraint('worker_id', name=op.f('pk_status_cards'))
    )
    op.create_index('ix_status_cards_due_at', 'status_cards', ['due_at'], unique=False)
    op.add_column('audit', sa.Column('position', sa.BigInteger(), nullable=True))
    op.add_column('audit', sa.Column('hash', sa.String(length=64), nullable=True))
    unchained = sa.text('position IS NULL')
    op.create_index('ix_audit_position', 'audit', ['position'], unique=True)
    op.create_index('ix_audit_unchained', 'audit', ['id'], unique=False, postgresql_where=unchained, sqlite_where=unchained)
    op.create_index('ix_audit_subject', 'audit', ['subject'], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE.strip().split("END;\n"):
            op.execute(sa.text(statement.removesuffix("END;") + "END;"))
    else:
        op.execute(sa.text(SEAL % CURRENCIES))
        op.execute(sa.text(POSTGRESQL))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in SQLITE_TRIGGERS:
            op.execute(sa.text(f"DROP TRIGGER {trigger}"))
    else:
        op.execute(sa.text(UNGUARD))
        op.execute(sa.text(SEAL % ""))
    for index in ('ix_audit_subject', 'ix_audit_unchained', 'ix_audit_position'):
        op.drop_index(index, table_name='audit')
    op.drop_column('audit', 'hash')
    op.drop_column('audit', 'position')
    op.drop_table('status_cards')
    op.drop_table('ledger_days')
