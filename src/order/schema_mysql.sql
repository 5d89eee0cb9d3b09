-- The order database on MySQL or MariaDB: the tables of schema.sql and schema_fulfilment.sql, which say what they are for.
-- Times are Unix milliseconds, money the smallest unit of the currency. Texts compare byte by byte.

CREATE TABLE stock_ledger(
  product_id BIGINT PRIMARY KEY,
  total      BIGINT NOT NULL,
  committed  BIGINT NOT NULL DEFAULT 0,
  sold       BIGINT NOT NULL DEFAULT 0,
  version    BIGINT NOT NULL DEFAULT 1,
  CONSTRAINT ledger_books CHECK (0 <= sold AND sold <= committed AND committed <= total)
) ENGINE=InnoDB;

CREATE TABLE sale_terms(
  product_id     BIGINT PRIMARY KEY,
  version        BIGINT NOT NULL,
  state          TINYINT NOT NULL,
  price          BIGINT NOT NULL,
  opens_at       BIGINT,
  closes_at      BIGINT,
  per_user_limit BIGINT,
  CONSTRAINT terms_price CHECK (price >= 0),
  CONSTRAINT terms_limit CHECK (per_user_limit > 0),
  FOREIGN KEY (product_id) REFERENCES stock_ledger(product_id)
) ENGINE=InnoDB;

-- phase, due: what time does to an order. 1: unpaid, its hold lapses; 4, 5: paid or shipped, counted from when it was
-- paid. NULL when nothing. Indexes cannot be partial here, so this one serves both jobs.
CREATE TABLE orders(
  order_id           BIGINT PRIMARY KEY,
  user_id            BIGINT NOT NULL,
  status             TINYINT NOT NULL,
  amount             BIGINT NOT NULL,
  placed_at          BIGINT NOT NULL,
  hold_expires_at    BIGINT NOT NULL,
  hold_extended      TINYINT NOT NULL DEFAULT 0,
  paid_at            BIGINT,
  paid_attempt_id    BIGINT,
  settled_attempt_no BIGINT NOT NULL DEFAULT 0,
  idempotency_key    VARBINARY(128),
  body_hash          BIGINT,
  moved_writer       BIGINT,
  moved_seq          BIGINT,
  phase              TINYINT AS (CASE WHEN status IN (1, 2, 3) THEN 1 WHEN status IN (4, 5) THEN status END) STORED,
  due                BIGINT AS (CASE WHEN status IN (1, 2, 3) THEN hold_expires_at WHEN status IN (4, 5) THEN paid_at END) STORED,
  CONSTRAINT orders_status CHECK (status BETWEEN 1 AND 8),
  CONSTRAINT orders_amount CHECK (amount >= 0),
  UNIQUE KEY orders_by_key (user_id, idempotency_key),
  KEY orders_by_user (user_id, order_id),
  KEY orders_by_due (phase, due, order_id)
) ENGINE=InnoDB;

CREATE TABLE order_items(
  order_item_id BIGINT PRIMARY KEY,
  order_id      BIGINT NOT NULL,
  product_id    BIGINT NOT NULL,
  quantity      BIGINT NOT NULL,
  price         BIGINT NOT NULL,
  status        TINYINT NOT NULL,
  counted       TINYINT NOT NULL,
  CONSTRAINT items_quantity CHECK (quantity > 0),
  CONSTRAINT items_price CHECK (price >= 0),
  KEY order_items_by_order (order_id),
  KEY order_items_by_product (product_id, order_id),
  FOREIGN KEY (order_id) REFERENCES orders(order_id),
  FOREIGN KEY (product_id) REFERENCES stock_ledger(product_id)
) ENGINE=InnoDB;

CREATE TABLE purchase(
  product_id BIGINT NOT NULL,
  user_id    BIGINT NOT NULL,
  units      BIGINT NOT NULL,
  cap        BIGINT NOT NULL,
  last_order BIGINT NOT NULL,
  PRIMARY KEY (product_id, user_id),
  CONSTRAINT purchase_limit CHECK (0 <= units AND units <= cap),
  FOREIGN KEY (product_id) REFERENCES stock_ledger(product_id)
) ENGINE=InnoDB;

CREATE TABLE order_history(
  step_id       BIGINT AUTO_INCREMENT PRIMARY KEY,
  order_id      BIGINT NOT NULL,
  order_item_id BIGINT,
  moved_at      BIGINT NOT NULL,
  from_status   TINYINT NOT NULL,
  to_status     TINYINT NOT NULL,
  actor         BIGINT NOT NULL,
  reason        VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  KEY order_history_by_order (order_id),
  FOREIGN KEY (order_id) REFERENCES orders(order_id)
) ENGINE=InnoDB;

CREATE TABLE stock_history(
  change_id  BIGINT AUTO_INCREMENT PRIMARY KEY,
  product_id BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  old_total  BIGINT NOT NULL,
  new_total  BIGINT NOT NULL,
  actor      BIGINT NOT NULL,
  reason     VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  KEY stock_history_by_product (product_id),
  FOREIGN KEY (product_id) REFERENCES stock_ledger(product_id)
) ENGINE=InnoDB;

-- order_item_id: 0 for the refund of a canceled order.
CREATE TABLE refund_outbox(
  refund_id     BIGINT AUTO_INCREMENT PRIMARY KEY,
  order_id      BIGINT NOT NULL,
  order_item_id BIGINT NOT NULL DEFAULT 0,
  attempt_id    BIGINT NOT NULL,
  amount        BIGINT NOT NULL,
  delivered_at  BIGINT,
  CONSTRAINT refund_amount CHECK (amount > 0),
  KEY refund_outbox_open (delivered_at, refund_id),
  UNIQUE KEY refund_outbox_by_cause (order_id, order_item_id),
  FOREIGN KEY (order_id) REFERENCES orders(order_id)
) ENGINE=InnoDB;

CREATE TABLE item_returns(
  order_item_id   BIGINT PRIMARY KEY,
  order_id        BIGINT NOT NULL,
  requested_at    BIGINT NOT NULL,
  reason          VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  idempotency_key VARBINARY(128),
  body_hash       BIGINT,
  completed_at    BIGINT,
  restocked       TINYINT,
  moved_writer    BIGINT,
  moved_seq       BIGINT,
  UNIQUE KEY item_returns_by_key (order_id, idempotency_key),
  FOREIGN KEY (order_item_id) REFERENCES order_items(order_item_id),
  FOREIGN KEY (order_id) REFERENCES orders(order_id)
) ENGINE=InnoDB;

CREATE TABLE number_block(
  name VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY,
  next BIGINT NOT NULL
) ENGINE=InnoDB;
INSERT IGNORE INTO number_block VALUES ('writer', 1), ('order', 1), ('item', 1);

-- Every transaction of a round begins with its row here. burned: 1 when its server gave the round up before it took,
-- so that it never does. Of a writer's committed rounds only the newest are kept.
CREATE TABLE writer_batch(
  writer BIGINT NOT NULL,
  seq    BIGINT NOT NULL,
  burned TINYINT NOT NULL,
  PRIMARY KEY (writer, seq)
) ENGINE=InnoDB;
