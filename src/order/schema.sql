-- The order database: ledger, terms, orders and items in one file, because what must be atomic shares a transaction.
-- Times are Unix milliseconds, money the smallest unit of the currency.

-- The last line of defence: an overrun violates the CHECK, whatever the code above believes.
-- committed: live units, held or sold. sold: those paid for. Rows are never deleted.
CREATE TABLE stock_ledger(
  product_id INTEGER PRIMARY KEY,
  total      INTEGER NOT NULL,
  committed  INTEGER NOT NULL DEFAULT 0,
  sold       INTEGER NOT NULL DEFAULT 0,
  version    INTEGER NOT NULL DEFAULT 1,
  CHECK (0 <= sold AND sold <= committed AND committed <= total)
);

-- state: 1 active, 2 paused, 3 archived
CREATE TABLE sale_terms(
  product_id     INTEGER PRIMARY KEY REFERENCES stock_ledger(product_id),
  version        INTEGER NOT NULL,
  state          INTEGER NOT NULL,
  price          INTEGER NOT NULL CHECK (price >= 0),
  opens_at       INTEGER,
  closes_at      INTEGER,
  per_user_limit INTEGER CHECK (per_user_limit > 0)
);

-- status: 1 PENDING, 2 PAYMENT_ENTERED, 3 PAYMENT_FAILED, 4 PAID, 5 SHIPPED, 6 DELIVERED, 7 CANCELED, 8 EXPIRED
CREATE TABLE orders(
  order_id           INTEGER PRIMARY KEY,
  user_id            INTEGER NOT NULL,
  status             INTEGER NOT NULL CHECK (status BETWEEN 1 AND 8),
  amount             INTEGER NOT NULL CHECK (amount >= 0),
  placed_at          INTEGER NOT NULL,
  hold_expires_at    INTEGER NOT NULL,
  hold_extended      INTEGER NOT NULL DEFAULT 0, -- 1 once the payment grace was given
  paid_at            INTEGER,
  paid_attempt_id    INTEGER,                    -- the attempt whose charge paid it
  settled_attempt_no INTEGER NOT NULL DEFAULT 0, -- the newest attempt whose result was told
  idempotency_key    TEXT,
  body_hash          INTEGER,
  moved_writer       INTEGER,                    -- (writer, seq) of the round that moved it last
  moved_seq          INTEGER
);
CREATE UNIQUE INDEX orders_by_key ON orders(user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- A buyer's orders. An index on user_id alone would touch a page of its own for every order of a crowd; by stretches
-- of 4,096 orders the insertions stay on some twenty pages, and a list looks into each stretch, newest first.
CREATE INDEX orders_by_user ON orders(order_id / 4096, user_id);
CREATE INDEX orders_by_hold ON orders(hold_expires_at) WHERE status IN (1, 2, 3);

-- status: 1 ORDERED, 2 CANCELED
CREATE TABLE order_items(
  order_item_id INTEGER PRIMARY KEY,
  order_id      INTEGER NOT NULL REFERENCES orders(order_id),
  product_id    INTEGER NOT NULL REFERENCES stock_ledger(product_id),
  quantity      INTEGER NOT NULL CHECK (quantity > 0),
  price         INTEGER NOT NULL CHECK (price >= 0),
  status        INTEGER NOT NULL,
  counted       INTEGER NOT NULL -- 1: its units stand in the purchase row of (product, user)
);
CREATE INDEX order_items_by_order ON order_items(order_id);
CREATE INDEX order_items_by_product ON order_items(product_id, order_id);

-- Per-user limits are rows, and the CHECK decides.
CREATE TABLE purchase(
  product_id INTEGER NOT NULL REFERENCES stock_ledger(product_id),
  user_id    INTEGER NOT NULL,
  units      INTEGER NOT NULL,
  cap        INTEGER NOT NULL,
  last_order INTEGER NOT NULL, -- the newest order that is counted here: the one to resume while it is unpaid
  PRIMARY KEY (product_id, user_id),
  CHECK (0 <= units AND units <= cap)
) WITHOUT ROWID;

-- Who moved an order, when and why. Its creation is read off the order: no row of its own.
CREATE TABLE order_history(
  order_id    INTEGER NOT NULL REFERENCES orders(order_id),
  moved_at    INTEGER NOT NULL,
  from_status INTEGER NOT NULL,
  to_status   INTEGER NOT NULL,
  actor       INTEGER NOT NULL, -- user id; 0: the shop itself
  reason      TEXT NOT NULL
);
CREATE INDEX order_history_by_order ON order_history(order_id);

-- Every change of a total, with who and why.
CREATE TABLE stock_history(
  product_id INTEGER NOT NULL REFERENCES stock_ledger(product_id),
  changed_at INTEGER NOT NULL,
  old_total  INTEGER NOT NULL,
  new_total  INTEGER NOT NULL,
  actor      INTEGER NOT NULL,
  reason     TEXT NOT NULL
);
CREATE INDEX stock_history_by_product ON stock_history(product_id);

-- Refunds written in the transaction of the cancel that owes them; a sweeper delivers each until the payment
-- service has taken it.
CREATE TABLE refund_outbox(
  refund_id    INTEGER PRIMARY KEY,
  order_id     INTEGER NOT NULL REFERENCES orders(order_id),
  attempt_id   INTEGER NOT NULL,
  amount       INTEGER NOT NULL CHECK (amount > 0),
  delivered_at INTEGER
);
CREATE INDEX refund_outbox_open ON refund_outbox(refund_id) WHERE delivered_at IS NULL;
CREATE UNIQUE INDEX refund_outbox_by_order ON refund_outbox(order_id);

-- Numbers handed out in blocks, and a fresh writer number at each start.
CREATE TABLE number_block(
  name TEXT PRIMARY KEY,
  next INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO number_block VALUES ('writer', 1), ('order', 1), ('item', 1);
