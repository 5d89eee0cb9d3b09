-- The fencing token of the last holder of a lock who wrote the row, where orders are placed under a lock outside the
-- database; 0: none did.
ALTER TABLE stock_ledger ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
