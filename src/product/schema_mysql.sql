-- The catalogue on MySQL: as schema.sql and schema_edits.sql, which say what the columns mean. A step may be
-- run twice.
CREATE TABLE IF NOT EXISTS products(
  product_id      BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  version         BIGINT NOT NULL,
  state           INTEGER NOT NULL,
  product_name    VARCHAR(200) NOT NULL,
  description     TEXT NOT NULL,
  price           BIGINT NOT NULL,
  total_units     BIGINT NOT NULL,
  product_type    INTEGER NOT NULL,
  opens_at        BIGINT,
  closes_at       BIGINT,
  per_user_limit  BIGINT,
  image_url       TEXT,
  created_by      BIGINT NOT NULL,
  created_at      BIGINT NOT NULL,
  idempotency_key VARCHAR(128),
  body_hash       BIGINT NOT NULL,
  tried_version   BIGINT NOT NULL DEFAULT 1,
  UNIQUE KEY products_by_key(created_by, idempotency_key),
  KEY products_by_state(state, product_type, product_id),
  KEY products_by_price(price, product_id),
  KEY products_by_name(product_name, product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS product_changes(
  product_id      BIGINT NOT NULL PRIMARY KEY,
  base_version    BIGINT NOT NULL,
  version         BIGINT NOT NULL,
  state           INTEGER NOT NULL,
  product_name    VARCHAR(200) NOT NULL,
  description     TEXT NOT NULL,
  price           BIGINT NOT NULL,
  product_type    INTEGER NOT NULL,
  opens_at        BIGINT,
  closes_at       BIGINT,
  per_user_limit  BIGINT,
  image_url       TEXT,
  total_units     BIGINT,
  delta           BIGINT NOT NULL,
  actor           BIGINT NOT NULL,
  reason          VARCHAR(200) NOT NULL,
  idempotency_key VARCHAR(128),
  body_hash       BIGINT NOT NULL,
  import_line_id  BIGINT,
  FOREIGN KEY (product_id) REFERENCES products(product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS stock_adjustments(
  actor           BIGINT NOT NULL,
  idempotency_key VARCHAR(128) NOT NULL,
  body_hash       BIGINT NOT NULL,
  product_id      BIGINT NOT NULL,
  PRIMARY KEY (actor, idempotency_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS product_imports(
  import_id       BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  actor           BIGINT NOT NULL,
  imported_at     BIGINT NOT NULL,
  idempotency_key VARCHAR(128),
  body_hash       BIGINT NOT NULL,
  first_line_id   BIGINT NOT NULL,
  line_count      BIGINT NOT NULL,
  UNIQUE KEY product_imports_by_key(actor, idempotency_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS import_lines(
  import_line_id BIGINT NOT NULL PRIMARY KEY,
  line           BIGINT NOT NULL,
  action         INTEGER NOT NULL,
  outcome        INTEGER NOT NULL,
  product_id     BIGINT NOT NULL,
  FOREIGN KEY (product_id) REFERENCES products(product_id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS wishlist(
  wish_id    BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  user_id    BIGINT NOT NULL,
  product_id BIGINT NOT NULL,
  note       VARCHAR(500) NOT NULL,
  added_at   BIGINT NOT NULL,
  UNIQUE KEY wishlist_by_product(user_id, product_id),
  KEY wishlist_by_user(user_id, wish_id),
  FOREIGN KEY (product_id) REFERENCES products(product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
