-- The payment database on MySQL: as schema.sql, which says what the columns mean. A step may be run twice.
CREATE TABLE IF NOT EXISTS payment_attempts(
  attempt_id    BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id      BIGINT NOT NULL,
  attempt_no    BIGINT NOT NULL,
  user_id       BIGINT NOT NULL,
  amount        BIGINT NOT NULL,
  state         INTEGER NOT NULL,
  open_order_id BIGINT,
  requested_at  BIGINT NOT NULL,
  finished_at   BIGINT,
  settlement    INTEGER,
  UNIQUE KEY payment_attempts_open(open_order_id),
  UNIQUE KEY payment_attempts_by_order(order_id, attempt_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS refunds(
  refund_id   BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  refund_key  VARCHAR(40) NOT NULL,
  order_id    BIGINT NOT NULL,
  attempt_id  BIGINT NOT NULL,
  amount      BIGINT NOT NULL,
  state       INTEGER NOT NULL,
  tries       BIGINT NOT NULL DEFAULT 0,
  next_try_at BIGINT NOT NULL,
  taken_at    BIGINT NOT NULL,
  finished_at BIGINT,
  UNIQUE KEY refunds_by_key(refund_key),
  KEY refunds_by_attempt(attempt_id),
  KEY refunds_by_state(state, next_try_at),
  FOREIGN KEY (attempt_id) REFERENCES payment_attempts(attempt_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Of each writing thread its last round (db/group_commit.hpp).
CREATE TABLE IF NOT EXISTS commit_writers(
  writer BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  seq    BIGINT NOT NULL
) ENGINE=InnoDB;
