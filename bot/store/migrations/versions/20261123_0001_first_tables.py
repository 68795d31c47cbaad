"""The first tables, the guards of the ledger, and the four tiers."""

import sqlalchemy as sa
from alembic import op


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


# The ledger cannot be changed: a posting is written, given its entries, and sealed when they
# balance; afterwards nothing is added, altered or removed. Both databases enforce the same.
SQLITE = """
CREATE TRIGGER entries_only_while_open BEFORE INSERT ON entries
WHEN (SELECT sealed FROM postings WHERE id = NEW.posting_id) IS NOT 0
BEGIN SELECT RAISE(ABORT, 'ledger: the posting is sealed'); END;
CREATE TRIGGER entries_are_integers BEFORE INSERT ON entries
WHEN typeof(NEW.amount) <> 'integer'
BEGIN SELECT RAISE(ABORT, 'ledger: an amount is an integer'); END;
CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'ledger: an entry never changes'); END;
CREATE TRIGGER entries_never_go BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'ledger: an entry never goes'); END;
CREATE TRIGGER postings_never_go BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'ledger: a posting never goes'); END;
CREATE TRIGGER postings_start_open BEFORE INSERT ON postings WHEN NEW.sealed <> 0
BEGIN SELECT RAISE(ABORT, 'ledger: a posting starts open'); END;
CREATE TRIGGER postings_are_only_sealed BEFORE UPDATE ON postings
WHEN NOT (OLD.sealed = 0 AND NEW.sealed = 1 AND OLD.id = NEW.id AND OLD.key = NEW.key
          AND OLD.digest = NEW.digest AND OLD.kind = NEW.kind AND OLD.reverses IS NEW.reverses
          AND OLD.assignment_id IS NEW.assignment_id AND OLD.at = NEW.at)
BEGIN SELECT RAISE(ABORT, 'ledger: a posting never changes'); END;
CREATE TRIGGER postings_balance BEFORE UPDATE ON postings
WHEN (SELECT count(*) FROM entries WHERE posting_id = NEW.id) < 2
  OR EXISTS (SELECT 1 FROM entries WHERE posting_id = NEW.id GROUP BY currency HAVING sum(amount) <> 0)
BEGIN SELECT RAISE(ABORT, 'ledger: the posting does not balance'); END;
"""

POSTGRESQL = """
CREATE FUNCTION ledger_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT sealed FROM postings WHERE id = NEW.posting_id) IS DISTINCT FROM false THEN
    RAISE EXCEPTION 'ledger: the posting is sealed';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION ledger_never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'ledger: % never changes', TG_TABLE_NAME; END $$;
CREATE FUNCTION ledger_seal() RETURNS trigger LANGUAGE plpgsql AS $$
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
  RETURN NEW;
END $$;
CREATE FUNCTION ledger_sealed_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT (SELECT sealed FROM postings WHERE id = NEW.id) THEN
    RAISE EXCEPTION 'ledger: an open posting at commit';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER entries_only_while_open BEFORE INSERT ON entries
  FOR EACH ROW EXECUTE FUNCTION ledger_entry();
CREATE TRIGGER entries_never_change BEFORE UPDATE OR DELETE ON entries
  FOR EACH ROW EXECUTE FUNCTION ledger_never();
CREATE TRIGGER entries_never_truncated BEFORE TRUNCATE ON entries
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
CREATE TRIGGER postings_seal BEFORE INSERT OR UPDATE ON postings
  FOR EACH ROW EXECUTE FUNCTION ledger_seal();
CREATE TRIGGER postings_never_go BEFORE DELETE ON postings
  FOR EACH ROW EXECUTE FUNCTION ledger_never();
CREATE TRIGGER postings_never_truncated BEFORE TRUNCATE ON postings
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_never();
CREATE CONSTRAINT TRIGGER postings_sealed_at_commit AFTER INSERT ON postings
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_sealed_at_commit();
"""

FUNCTIONS = ("ledger_entry", "ledger_never", "ledger_seal", "ledger_sealed_at_commit")

TIERS = [
    {"name": "basic", "wage_micro": 4_000_000, "currency": "USD", "premium_ppm": 0},
    {"name": "language", "wage_micro": 6_000_000, "currency": "USD", "premium_ppm": 0},
    {"name": "quality", "wage_micro": 9_000_000, "currency": "USD", "premium_ppm": 0},
    {"name": "expert", "wage_micro": 25_000_000, "currency": "USD", "premium_ppm": 250_000},
]


def guard_ledger() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE.strip().split("END;\n"):
            op.execute(sa.text(statement.removesuffix("END;") + "END;"))
    else:
        op.execute(sa.text(POSTGRESQL))


def moment() -> str:
    if op.get_bind().dialect.name == "sqlite":
        return "(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')"
    return "clock_timestamp()"


def fill_tiers() -> None:
    tiers = sa.table("tiers", *(sa.column(name) for name in TIERS[0]))
    op.bulk_insert(tiers, TIERS)



def upgrade() -> None:
    op.create_table('attempts',
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('update_id', sa.BigInteger(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('bot_id', 'update_id', name=op.f('pk_attempts'))
    )
    op.create_table('gates',
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('scope', sa.String(length=40), nullable=False),
    sa.Column('closed_until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('bot_id', 'scope', name=op.f('pk_gates'))
    )
    op.create_table('inbox',
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('update_id', sa.BigInteger(), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('dead', sa.String(), nullable=True),
    sa.Column('raw', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('bot_id', 'update_id', name=op.f('pk_inbox'))
    )
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=False),
    sa.Column('lane', sa.Integer(), nullable=False),
    sa.Column('method', sa.String(length=40), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('card', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_owner', sa.String(length=40), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.Column('dead', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_due', ['lane', 'due_at'], unique=False, postgresql_where=sa.text('sent_at IS NULL AND dead IS NULL'), sqlite_where=sa.text('sent_at IS NULL AND dead IS NULL'))
        batch_op.create_index('ix_outbox_waiting', ['bot_id', 'chat_id', 'id'], unique=False, postgresql_where=sa.text('sent_at IS NULL AND dead IS NULL'), sqlite_where=sa.text('sent_at IS NULL AND dead IS NULL'))

    op.create_table('polls',
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('poll_id', sa.String(length=64), nullable=False),
    sa.Column('assignment_id', sa.BigInteger(), nullable=False),
    sa.Column('message_id', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('bot_id', 'poll_id', name=op.f('pk_polls'))
    )
    op.create_table('postings',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('reverses', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('assignment_id', sa.BigInteger(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('sealed', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['reverses'], ['postings.id'], name=op.f('fk_postings_reverses_postings')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_postings')),
    sa.UniqueConstraint('key', name=op.f('uq_postings_key')),
    sa.UniqueConstraint('reverses', name=op.f('uq_postings_reverses'))
    )
    with op.batch_alter_table('postings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_postings_assignment_id'), ['assignment_id'], unique=False)

    op.create_table('tiers',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('wage_micro', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('premium_ppm', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_tiers'))
    )
    op.create_table('workers',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('pseudonym', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('step', sa.String(length=20), nullable=True),
    sa.Column('locale', sa.String(length=12), nullable=True),
    sa.Column('country', sa.String(length=2), nullable=True),
    sa.Column('zone', sa.String(length=64), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('adult', sa.Boolean(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workers')),
    sa.UniqueConstraint('pseudonym', name=op.f('uq_workers_pseudonym'))
    )
    op.create_table('audit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('actor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('before', sa.String(), nullable=True),
    sa.Column('after', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['workers.id'], name=op.f('fk_audit_actor_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit'))
    )
    op.create_table('chats',
    sa.Column('bot_id', sa.BigInteger(), nullable=False),
    sa.Column('chat_id', sa.BigInteger(), nullable=False),
    sa.Column('worker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('expecting', sa.JSON(), nullable=True),
    sa.Column('card', sa.BigInteger(), nullable=True),
    sa.Column('card_message', sa.BigInteger(), nullable=True),
    sa.Column('card_kind', sa.String(length=10), nullable=True),
    sa.Column('reachable', sa.Boolean(), nullable=False),
    sa.Column('wake_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_chats_worker_id_workers')),
    sa.PrimaryKeyConstraint('bot_id', 'chat_id', name=op.f('pk_chats')),
    sa.UniqueConstraint('worker_id', name=op.f('uq_chats_worker_id'))
    )
    with op.batch_alter_table('chats', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_chats_wake_at'), ['wake_at'], unique=False)

    op.create_table('consents',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('worker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('document', sa.String(length=20), nullable=False),
    sa.Column('version', sa.String(length=20), nullable=False),
    sa.Column('locale', sa.String(length=12), nullable=False),
    sa.Column('given_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_consents_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents'))
    )
    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_consents_worker_id'), ['worker_id'], unique=False)

    op.create_table('identities',
    sa.Column('worker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('username', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_identities_worker_id_workers')),
    sa.PrimaryKeyConstraint('worker_id', name=op.f('pk_identities'))
    )
    op.create_table('invites',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('secret_hash', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['workers.id'], name=op.f('fk_invites_created_by_workers')),
    sa.ForeignKeyConstraint(['used_by'], ['workers.id'], name=op.f('fk_invites_used_by_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invites')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_invites_secret_hash'))
    )
    op.create_table('projects',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('slug', sa.String(length=64), nullable=False),
    sa.Column('code', sa.String(length=8), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('languages', sa.JSON(), nullable=False),
    sa.Column('budget_micro', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('created_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['created_by'], ['workers.id'], name=op.f('fk_projects_created_by_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_projects')),
    sa.UniqueConstraint('code', name=op.f('uq_projects_code')),
    sa.UniqueConstraint('slug', name=op.f('uq_projects_slug'))
    )
    op.create_table('roles',
    sa.Column('worker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('granted_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('granted_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['granted_by'], ['workers.id'], name=op.f('fk_roles_granted_by_workers')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_roles_worker_id_workers')),
    sa.PrimaryKeyConstraint('worker_id', 'role', name=op.f('pk_roles'))
    )
    op.create_table('worker_languages',
    sa.Column('worker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('language', sa.String(length=12), nullable=False),
    sa.Column('level', sa.String(length=10), nullable=False),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_worker_languages_worker_id_workers')),
    sa.PrimaryKeyConstraint('worker_id', 'language', name=op.f('pk_worker_languages'))
    )
    op.create_table('accounts',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=80), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('worker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('project_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_accounts_project_id_projects')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_accounts_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts')),
    sa.UniqueConstraint('code', name=op.f('uq_accounts_code'))
    )
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_accounts_worker_id'), ['worker_id'], unique=False)

    op.create_table('intakes',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('worker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('project_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('file_id', sa.String(length=200), nullable=False),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answers', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_intakes_project_id_projects')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_intakes_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_intakes'))
    )
    op.create_table('stages',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('project_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ordinal', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['projects.id'], name=op.f('fk_stages_project_id_projects')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stages')),
    sa.UniqueConstraint('project_id', 'ordinal', name=op.f('uq_stages_project_id_ordinal'))
    )
    op.create_table('entries',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('posting_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('amount <> 0', name=op.f('ck_entries_not_zero')),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_entries_account_id_accounts')),
    sa.ForeignKeyConstraint(['posting_id'], ['postings.id'], name=op.f('fk_entries_posting_id_postings')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entries'))
    )
    with op.batch_alter_table('entries', schema=None) as batch_op:
        batch_op.create_index('ix_entries_account', ['account_id', 'amount'], unique=False)
        batch_op.create_index(batch_op.f('ix_entries_posting_id'), ['posting_id'], unique=False)

    op.create_table('queues',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stage_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('language', sa.String(length=12), nullable=False),
    sa.Column('median_seconds', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_queues_stage_id_stages')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_queues')),
    sa.UniqueConstraint('stage_id', 'language', name=op.f('uq_queues_stage_id_language'))
    )
    op.create_table('stage_versions',
    sa.Column('stage_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('type', sa.String(length=20), nullable=False),
    sa.Column('settings', sa.JSON(), nullable=False),
    sa.Column('text', sa.JSON(), nullable=False),
    sa.Column('tier', sa.String(length=20), nullable=False),
    sa.Column('price_micro', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('expected_seconds', sa.Integer(), nullable=False),
    sa.Column('overlap', sa.Integer(), nullable=False),
    sa.Column('gold_share_ppm', sa.Integer(), nullable=False),
    sa.Column('review', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_stage_versions_stage_id_stages')),
    sa.PrimaryKeyConstraint('stage_id', 'version', name=op.f('pk_stage_versions'))
    )
    op.create_table('cursors',
    sa.Column('worker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('queue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('served', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['queue_id'], ['queues.id'], name=op.f('fk_cursors_queue_id_queues')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_cursors_worker_id_workers')),
    sa.PrimaryKeyConstraint('worker_id', 'queue_id', name=op.f('pk_cursors'))
    )
    op.create_table('tasks',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stage_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('queue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('body', sa.JSON(), nullable=False),
    sa.Column('gold', sa.String(), nullable=True),
    sa.Column('hint', sa.String(), nullable=True),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('overlap', sa.Integer(), nullable=False),
    sa.Column('open_slots', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['queue_id'], ['queues.id'], name=op.f('fk_tasks_queue_id_queues')),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_tasks_stage_id_stages')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tasks')),
    sa.UniqueConstraint('stage_id', 'key', name=op.f('uq_tasks_stage_id_key'))
    )
    with op.batch_alter_table('tasks', schema=None) as batch_op:
        batch_op.create_index('ix_tasks_gold', ['queue_id', 'position'], unique=False, postgresql_where=sa.text('gold IS NOT NULL'), sqlite_where=sa.text('gold IS NOT NULL'))
        batch_op.create_index('ix_tasks_open', ['queue_id', 'position'], unique=False, postgresql_where=sa.text('open_slots > 0'), sqlite_where=sa.text('open_slots > 0'))

    op.create_table('assignments',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('task_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('worker_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stage_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stage_version', sa.Integer(), nullable=False),
    sa.Column('queue_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('nonce', sa.String(length=8), nullable=False),
    sa.Column('gold', sa.Boolean(), nullable=False),
    sa.Column('surplus', sa.Boolean(), nullable=False),
    sa.Column('price_micro', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('locale', sa.String(length=12), nullable=False),
    sa.Column('layout', sa.JSON(), nullable=False),
    sa.Column('draft', sa.JSON(), nullable=True),
    sa.Column('offered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('seconds', sa.Integer(), nullable=True),
    sa.Column('accept_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('message_id', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['queue_id'], ['queues.id'], name=op.f('fk_assignments_queue_id_queues')),
    sa.ForeignKeyConstraint(['stage_id'], ['stages.id'], name=op.f('fk_assignments_stage_id_stages')),
    sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_assignments_task_id_tasks')),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.id'], name=op.f('fk_assignments_worker_id_workers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_assignments')),
    sa.UniqueConstraint('worker_id', 'task_id', name=op.f('uq_assignments_worker_id_task_id'))
    )
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.create_index('ix_assignments_accept', ['accept_at'], unique=False, postgresql_where=sa.text("state = 'answered'"), sqlite_where=sa.text("state = 'answered'"))
        batch_op.create_index('ix_assignments_lease', ['lease_until'], unique=False, postgresql_where=sa.text("state = 'held'"), sqlite_where=sa.text("state = 'held'"))
        batch_op.create_index('ix_assignments_queue', ['queue_id', 'answered_at'], unique=False)
        batch_op.create_index('ix_assignments_recent', ['worker_id', 'answered_at'], unique=False)
        batch_op.create_index('ix_assignments_stage', ['stage_id', 'state'], unique=False)
        batch_op.create_index('ix_assignments_task', ['task_id'], unique=False)
        batch_op.create_index('uq_assignments_held', ['worker_id'], unique=True, postgresql_where=sa.text("state = 'held'"), sqlite_where=sa.text("state = 'held'"))

    op.create_table('answers',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('assignment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('value', sa.JSON(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignments.id'], name=op.f('fk_answers_assignment_id_assignments')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answers')),
    sa.UniqueConstraint('assignment_id', 'revision', name=op.f('uq_answers_assignment_id_revision'))
    )
    op.create_table('reports',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('assignment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('reason', sa.String(length=20), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text(moment()), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['assignments.id'], name=op.f('fk_reports_assignment_id_assignments')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reports')),
    sa.UniqueConstraint('assignment_id', name=op.f('uq_reports_assignment_id'))
    )
    guard_ledger()
    fill_tiers()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for function in FUNCTIONS:
            op.execute(sa.text(f"DROP FUNCTION {function} CASCADE"))
    op.drop_table('reports')
    op.drop_table('answers')
    with op.batch_alter_table('assignments', schema=None) as batch_op:
        batch_op.drop_index('uq_assignments_held', postgresql_where=sa.text("state = 'held'"), sqlite_where=sa.text("state = 'held'"))
        batch_op.drop_index('ix_assignments_task')
        batch_op.drop_index('ix_assignments_stage')
        batch_op.drop_index('ix_assignments_recent')
        batch_op.drop_index('ix_assignments_queue')
        batch_op.drop_index('ix_assignments_lease', postgresql_where=sa.text("state = 'held'"), sqlite_where=sa.text("state = 'held'"))
        batch_op.drop_index('ix_assignments_accept', postgresql_where=sa.text("state = 'answered'"), sqlite_where=sa.text("state = 'answered'"))

    op.drop_table('assignments')
    with op.batch_alter_table('tasks', schema=None) as batch_op:
        batch_op.drop_index('ix_tasks_open', postgresql_where=sa.text('open_slots > 0'), sqlite_where=sa.text('open_slots > 0'))
        batch_op.drop_index('ix_tasks_gold', postgresql_where=sa.text('gold IS NOT NULL'), sqlite_where=sa.text('gold IS NOT NULL'))

    op.drop_table('tasks')
    op.drop_table('cursors')
    op.drop_table('stage_versions')
    op.drop_table('queues')
    with op.batch_alter_table('entries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_entries_posting_id'))
        batch_op.drop_index('ix_entries_account')

    op.drop_table('entries')
    op.drop_table('stages')
    op.drop_table('intakes')
    with op.batch_alter_table('accounts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_accounts_worker_id'))

    op.drop_table('accounts')
    op.drop_table('worker_languages')
    op.drop_table('roles')
    op.drop_table('projects')
    op.drop_table('invites')
    op.drop_table('identities')
    with op.batch_alter_table('consents', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_consents_worker_id'))

    op.drop_table('consents')
    with op.batch_alter_table('chats', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_chats_wake_at'))

    op.drop_table('chats')
    op.drop_table('audit')
    op.drop_table('workers')
    op.drop_table('tiers')
    with op.batch_alter_table('postings', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_postings_assignment_id'))

    op.drop_table('postings')
    op.drop_table('polls')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_waiting', postgresql_where=sa.text('sent_at IS NULL AND dead IS NULL'), sqlite_where=sa.text('sent_at IS NULL AND dead IS NULL'))
        batch_op.drop_index('ix_outbox_due', postgresql_where=sa.text('sent_at IS NULL AND dead IS NULL'), sqlite_where=sa.text('sent_at IS NULL AND dead IS NULL'))

    op.drop_table('outbox')
    op.drop_table('inbox')
    op.drop_table('gates')
    op.drop_table('attempts')
