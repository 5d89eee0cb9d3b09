-- The simulated provider's book on MySQL: as provider_schema.sql, which says what the columns mean. A schema
-- of its own, apart from the shop's. A step may be run twice.
CREATE TABLE IF NOT EXISTS charges(
  charge_key BIGINT NOT NULL PRIMARY KEY,
  order_id   BIGINT NOT NULL,
  amount     BIGINT NOT NULL,
  outcome    INTEGER NOT NULL,
  charged_at BIGINT NOT NULL
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS refunds(
  refund_key  VARCHAR(40) NOT NULL PRIMARY KEY,
  charge_key  BIGINT NOT NULL,
  amount      BIGINT NOT NULL,
  refunded_at BIGINT NOT NULL,
  KEY refunds_by_charge(charge_key),
  FOREIGN KEY (charge_key) REFERENCES charges(charge_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Of each writing thread its last round (db/group_commit.hpp).
CREATE TABLE IF NOT EXISTS commit_writers(
  writer BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  seq    BIGINT NOT NULL
) ENGINE=InnoDB;
