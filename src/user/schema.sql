-- Accounts. An id is never given twice (AUTOINCREMENT):
-- tokens and orders name it even after the account is gone.
CREATE TABLE users (
  user_id       INTEGER PRIMARY KEY AUTOINCREMENT,
  email         VARCHAR(254) NOT NULL UNIQUE,  -- lower case
  name          VARCHAR(400) NOT NULL,
  phone         VARCHAR(30)  NOT NULL,
  address       VARCHAR(1200) NOT NULL,
  password_hash VARCHAR(128) NOT NULL,         -- '!': nobody can log in
  role          VARCHAR(10)  NOT NULL CHECK (role IN ('USER', 'ADMIN')),
  created_at    BIGINT       NOT NULL          -- milliseconds since 1970
);
