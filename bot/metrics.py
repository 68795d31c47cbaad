"""What the bot counts of itself, for GET /metrics: the objects alone, set by whoever knows."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# Each counter's birthday would double what is scraped.
disable_created_metrics()  # type: ignore[no-untyped-call]

# A turn takes about 5 ms; 10 s is where PostgreSQL cancels a statement.
TURN_SECONDS = Histogram(
    "kazi_turn_seconds",
    "Seconds from an update's arrival to what Telegram is told of it.",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
UPDATES = Counter(
    "kazi_updates_total",
    "Updates taken: done, again (a passing fault), failed (a bug), dead (given up).",
    ["kind", "outcome"],
)
DEAD_UPDATES = Gauge("kazi_dead_updates", "Updates kept for a person to look at; counts to 10000.")

OUTBOX_WAITING = Gauge(
    "kazi_outbox_waiting", "Messages not sent yet; counts to 10000 in each lane.", ["lane"]
)
OUTBOX_OLDEST = Gauge(
    "kazi_outbox_oldest_seconds", "Age of the oldest message not sent yet.", ["lane"]
)
SENDS = Counter(
    "kazi_sends_total",
    "What became of messages in hand: sent, held (to be tried later), dead (given up).",
    ["method", "outcome"],
)
GATE_WAIT = Histogram(
    "kazi_gate_wait_seconds",
    "Seconds that messages wait for a place within Telegram's limit for the whole bot.",
    buckets=(0.005, 0.05, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)

CLAIMS = Counter("kazi_claims_total", "Tasks put into a worker's hands.")
ANSWERS = Counter("kazi_answers_total", "Tasks answered; a correction is no second answer.")
LEASES_EXPIRED = Counter("kazi_leases_expired_total", "Tasks taken back: held for too long.")

POOL_USED = Gauge("kazi_pool_used", "Database connections in use.")
POOL_SIZE = Gauge("kazi_pool_size", "Database connections there may be.")
WEBHOOK_PENDING = Gauge("kazi_webhook_pending", "Updates that Telegram has not delivered yet.")
WEBHOOK_LAST_ERROR = Gauge(
    "kazi_webhook_last_error_seconds", "Since a delivery failed last; +Inf: none ever did."
)
INVARIANT_FAULTS = Gauge("kazi_invariant_faults", "Rows that break what must always hold.")
