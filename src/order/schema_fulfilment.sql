-- Shipping and returns.

-- Only what shipping has still to do with, so that paying touches its newest pages alone.
CREATE INDEX orders_by_shipping ON orders(status, paid_at) WHERE status IN (4, 5);

-- order_items.status: also 3 RETURN_REQUESTED, 4 RETURNED. A part of an item that goes back is a row of its own.
CREATE TABLE item_returns(
  order_item_id   INTEGER PRIMARY KEY REFERENCES order_items(order_item_id),
  order_id        INTEGER NOT NULL REFERENCES orders(order_id),
  requested_at    INTEGER NOT NULL,
  reason          TEXT NOT NULL,
  idempotency_key TEXT,
  body_hash       INTEGER,
  completed_at    INTEGER,
  restocked       INTEGER,                    -- 1: its units are free again; 0: they have left the total
  moved_writer    INTEGER,                    -- (writer, seq) of the round that completed it
  moved_seq       INTEGER
);
CREATE UNIQUE INDEX item_returns_by_key ON item_returns(order_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

-- Of a step of an item: from and to are then those of order_items.status.
ALTER TABLE order_history ADD COLUMN order_item_id INTEGER;

-- A canceled order owes one refund (order_item_id 0), and each returned item one.
ALTER TABLE refund_outbox ADD COLUMN order_item_id INTEGER NOT NULL DEFAULT 0;
DROP INDEX refund_outbox_by_order;
CREATE UNIQUE INDEX refund_outbox_by_cause ON refund_outbox(order_id, order_item_id);
