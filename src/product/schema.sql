-- The catalogue. Times are Unix milliseconds, money the smallest unit of the currency.

-- A row is DRAFT until the order service has taken the terms of its sale, and only ACTIVE ones are shown.
-- product_type: 1 NORMAL, 2 RESERVED. state: 1 DRAFT, 2 ACTIVE. version: of the terms.
CREATE TABLE products(
  product_id      INTEGER PRIMARY KEY,
  version         INTEGER NOT NULL,
  state           INTEGER NOT NULL,
  product_name    VARCHAR(200) NOT NULL,
  description     TEXT NOT NULL,
  price           INTEGER NOT NULL,
  total_units     INTEGER NOT NULL,
  product_type    INTEGER NOT NULL,
  opens_at        INTEGER,
  closes_at       INTEGER,
  per_user_limit  INTEGER,
  image_url       TEXT,
  created_by      INTEGER NOT NULL,
  created_at      INTEGER NOT NULL,
  idempotency_key VARCHAR(128),
  body_hash       INTEGER NOT NULL
);
CREATE UNIQUE INDEX products_by_key ON products(created_by, idempotency_key);
CREATE INDEX products_by_state ON products(state, product_type, product_id);
