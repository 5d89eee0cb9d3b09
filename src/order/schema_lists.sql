-- Lists of all users' orders by status, newest first: an index holds the key of its row last. Without those that are
-- PENDING, so that placing an order does not touch it.
CREATE INDEX orders_by_status ON orders(status) WHERE status <> 1;
