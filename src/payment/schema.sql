-- The payment database: attempts and refunds. Times are Unix milliseconds, money the smallest unit.

-- attempt_id is the provider's idempotency key, so rows are never deleted and no id is used twice.
-- state: 1 REQUESTED, 2 SUCCEEDED, 3 FAILED, 4 UNKNOWN. settlement: 1 paid, 2 failed, 3 too late.
-- open_order_id is the claim: one open attempt per order, whoever inserts. NULL once the order service was told.
CREATE TABLE payment_attempts(
  attempt_id    INTEGER PRIMARY KEY,
  order_id      INTEGER NOT NULL,
  attempt_no    INTEGER NOT NULL,
  user_id       INTEGER NOT NULL,
  amount        INTEGER NOT NULL,
  state         INTEGER NOT NULL,
  open_order_id INTEGER UNIQUE,
  requested_at  INTEGER NOT NULL,
  finished_at   INTEGER,          -- when the provider's answer was recorded
  settlement    INTEGER,
  UNIQUE(order_id, attempt_no)
);

-- refund_key: "late:<attempt id>" for a charge that came too late, "order:<refund id>" for one that the order
-- service asked for. state: 1 REQUESTED, 2 DONE, 3 RETRY.
CREATE TABLE refunds(
  refund_id   INTEGER PRIMARY KEY,
  refund_key  VARCHAR(40) NOT NULL UNIQUE,
  order_id    INTEGER NOT NULL,
  attempt_id  INTEGER NOT NULL REFERENCES payment_attempts(attempt_id),
  amount      INTEGER NOT NULL,
  state       INTEGER NOT NULL,
  tries       INTEGER NOT NULL DEFAULT 0,
  next_try_at INTEGER NOT NULL,
  taken_at    INTEGER NOT NULL,
  finished_at INTEGER
);
CREATE INDEX refunds_by_attempt ON refunds(attempt_id);
CREATE INDEX refunds_by_state ON refunds(state, next_try_at);
