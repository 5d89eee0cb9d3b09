-- The simulated provider's own book, as a bank would keep it: the shop never reads it, the audit does.

-- charge_key: what the shop calls its attempt. outcome: 1 succeeded, 2 declined.
CREATE TABLE charges(
  charge_key INTEGER PRIMARY KEY,
  order_id   INTEGER NOT NULL,
  amount     INTEGER NOT NULL,
  outcome    INTEGER NOT NULL,
  charged_at INTEGER NOT NULL
);

CREATE TABLE refunds(
  refund_key  VARCHAR(40) NOT NULL PRIMARY KEY,
  charge_key  INTEGER NOT NULL REFERENCES charges(charge_key),
  amount      INTEGER NOT NULL,
  refunded_at INTEGER NOT NULL
);
CREATE INDEX refunds_by_charge ON refunds(charge_key);
