-- Edits, imports and wishes.

-- state: 3 PAUSED, 4 ARCHIVED besides. total_units is what the ledger began with: the order service keeps the total.
-- tried_version: the highest that a change was given, whether it was made or refused, so that none comes twice.
ALTER TABLE products ADD COLUMN tried_version INTEGER NOT NULL DEFAULT 1;
CREATE INDEX products_by_price ON products(price, product_id);
CREATE INDEX products_by_name ON products(product_name, product_id);

-- An edit that is begun: the order service is told of it, then it becomes the product's row. At most one per product.
-- total_units: the new total, NULL when it stays or changes by delta. import_line_id: the line that wants it.
CREATE TABLE product_changes(
  product_id      INTEGER PRIMARY KEY REFERENCES products(product_id),
  base_version    INTEGER NOT NULL,
  version         INTEGER NOT NULL,
  state           INTEGER NOT NULL,
  product_name    VARCHAR(200) NOT NULL,
  description     TEXT NOT NULL,
  price           INTEGER NOT NULL,
  product_type    INTEGER NOT NULL,
  opens_at        INTEGER,
  closes_at       INTEGER,
  per_user_limit  INTEGER,
  image_url       TEXT,
  total_units     INTEGER,
  delta           INTEGER NOT NULL,
  actor           INTEGER NOT NULL,
  reason          VARCHAR(200) NOT NULL,
  idempotency_key VARCHAR(128),
  body_hash       INTEGER NOT NULL,
  import_line_id  INTEGER
);

-- Keys of stock adjustments that were made.
CREATE TABLE stock_adjustments(
  actor           INTEGER NOT NULL,
  idempotency_key VARCHAR(128) NOT NULL,
  body_hash       INTEGER NOT NULL,
  product_id      INTEGER NOT NULL,
  PRIMARY KEY (actor, idempotency_key)
);

CREATE TABLE product_imports(
  import_id       INTEGER PRIMARY KEY,
  actor           INTEGER NOT NULL,
  imported_at     INTEGER NOT NULL,
  idempotency_key VARCHAR(128),
  body_hash       INTEGER NOT NULL,
  first_line_id   INTEGER NOT NULL,
  line_count      INTEGER NOT NULL
);
CREATE UNIQUE INDEX product_imports_by_key ON product_imports(actor, idempotency_key);

-- action: 1 create, 2 change, 3 keep. outcome: 1 open, 2 done, 3 refused (a create is done once it is no draft)
CREATE TABLE import_lines(
  import_line_id INTEGER PRIMARY KEY,
  line           INTEGER NOT NULL,
  action         INTEGER NOT NULL,
  outcome        INTEGER NOT NULL,
  product_id     INTEGER NOT NULL REFERENCES products(product_id)
);

CREATE TABLE wishlist(
  wish_id    INTEGER PRIMARY KEY,
  user_id    INTEGER NOT NULL,
  product_id INTEGER NOT NULL REFERENCES products(product_id),
  note       VARCHAR(500) NOT NULL,
  added_at   INTEGER NOT NULL
);
CREATE UNIQUE INDEX wishlist_by_product ON wishlist(user_id, product_id);
CREATE INDEX wishlist_by_user ON wishlist(user_id, wish_id);
