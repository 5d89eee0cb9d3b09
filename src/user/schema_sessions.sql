-- An account that ends keeps its id, so that the books stay true; everything about the person is gone.
ALTER TABLE users ADD COLUMN ended_at BIGINT;  -- NULL: it lives
CREATE INDEX users_by_end ON users(ended_at) WHERE ended_at IS NOT NULL;

-- What an account that ended leaves to be done: its unpaid orders. The row goes when nothing can be left.
CREATE TABLE account_endings (
  user_id INTEGER PRIMARY KEY REFERENCES users(user_id),
  since   BIGINT  NOT NULL
);

-- One log-in and its refreshes: the family of its tokens.
CREATE TABLE sessions (
  session_id        VARCHAR(64) PRIMARY KEY,   -- stands in every access token
  user_id           INTEGER NOT NULL,
  started_at        BIGINT  NOT NULL,
  access_expires_at BIGINT  NOT NULL,          -- when its last access token has expired
  over_at           BIGINT  NOT NULL,          -- when nothing of it is good for anything: the row may go
  ended_at          BIGINT                     -- NULL: it may be refreshed
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions(user_id);
CREATE INDEX sessions_by_over ON sessions(over_at);

-- Refresh tokens by their SHA-256, never themselves. The spent ones stay: one that comes again was stolen.
CREATE TABLE refresh_tokens (
  token_hash VARCHAR(64) PRIMARY KEY,
  session_id VARCHAR(64) NOT NULL REFERENCES sessions(session_id),
  number     BIGINT NOT NULL,                  -- 1, 2, 3 within the session
  expires_at BIGINT NOT NULL,
  spent_at   BIGINT                            -- NULL: not yet
) WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens(session_id, number);
