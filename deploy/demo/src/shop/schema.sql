CREATE TABLE IF NOT EXISTS users (
    name TEXT PRIMARY KEY, salt TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, made_on TEXT NOT NULL,
    made_at_ms INTEGER NOT NULL, ended_at_ms INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS products (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL,
    stock INTEGER NOT NULL, synced_at_ms INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS carts (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, product TEXT NOT NULL, quantity INTEGER NOT NULL,
    total_cents INTEGER NOT NULL, state TEXT NOT NULL, made_at_ms INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, product TEXT NOT NULL, quantity INTEGER NOT NULL,
    total_cents INTEGER NOT NULL, synthetic INTEGER NOT NULL, idempotency_key TEXT NOT NULL,
    state TEXT NOT NULL, made_on TEXT NOT NULL, made_at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS orders_by_key ON orders (user, idempotency_key);
CREATE INDEX IF NOT EXISTS orders_by_time ON orders (made_at_ms);
CREATE INDEX IF NOT EXISTS orders_by_state ON orders (state);
-- What customers ordered, without what checks made and took back.
CREATE VIEW IF NOT EXISTS real_orders AS SELECT * FROM orders WHERE synthetic = 0;
CREATE TABLE IF NOT EXISTS order_numbers (number INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;
CREATE TABLE IF NOT EXISTS invoices (
    order_id TEXT PRIMARY KEY, made_on TEXT NOT NULL, made_at_ms INTEGER NOT NULL) STRICT;

-- The jobs of this side: who may run, and every run. Never replicated.
CREATE TABLE IF NOT EXISTS job_owners (job TEXT PRIMARY KEY, enabled INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS job_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, started_at_ms INTEGER NOT NULL,
    host TEXT NOT NULL, pid INTEGER NOT NULL) STRICT;

-- The queues of this side. Never replicated.
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body TEXT NOT NULL,
    published_at_ms INTEGER NOT NULL, delivered INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX IF NOT EXISTS messages_by_queue ON messages (queue, delivered);
CREATE TABLE IF NOT EXISTS queue_stats (
    queue TEXT PRIMARY KEY, published INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0, acked INTEGER NOT NULL DEFAULT 0) STRICT;

-- What this side wrote, in order, and by whom: the replicator's source. Rows that came through the
-- feed are here too, with the writer `feed`, and are never sent back.
CREATE TABLE IF NOT EXISTS changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
    body TEXT NOT NULL, writer TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS changes_to_send ON changes (stream, seq) WHERE writer <> 'feed';
CREATE TABLE IF NOT EXISTS feed_positions (
    origin TEXT NOT NULL, stream TEXT NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (origin, stream)) STRICT;
