-- Accounts and sessions on MySQL: as schema.sql and schema_sessions.sql, which say what the columns mean. A
-- step may be run twice. AUTO_INCREMENT of InnoDB outlives a restart, so no id is given twice.
CREATE TABLE IF NOT EXISTS users(
  user_id       BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email         VARCHAR(254) NOT NULL,
  name          VARCHAR(400) NOT NULL,
  phone         VARCHAR(30) NOT NULL,
  address       VARCHAR(1200) NOT NULL,
  password_hash VARCHAR(128) NOT NULL,
  role          VARCHAR(10) NOT NULL CHECK (role IN ('USER', 'ADMIN')),
  created_at    BIGINT NOT NULL,
  ended_at      BIGINT,
  UNIQUE KEY users_by_email(email),
  KEY users_by_end(ended_at),
  KEY users_by_role(role, user_id)  -- the last admin is looked for under lock
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS account_endings(
  user_id BIGINT NOT NULL PRIMARY KEY,
  since   BIGINT NOT NULL,
  FOREIGN KEY (user_id) REFERENCES users(user_id)
) ENGINE=InnoDB;

CREATE TABLE IF NOT EXISTS sessions(
  session_id        VARCHAR(64) NOT NULL PRIMARY KEY,
  user_id           BIGINT NOT NULL,
  started_at        BIGINT NOT NULL,
  access_expires_at BIGINT NOT NULL,
  over_at           BIGINT NOT NULL,
  ended_at          BIGINT,
  KEY sessions_by_user(user_id),
  KEY sessions_by_over(over_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS refresh_tokens(
  token_hash VARCHAR(64) NOT NULL PRIMARY KEY,
  session_id VARCHAR(64) NOT NULL,
  number     BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  spent_at   BIGINT,
  KEY refresh_tokens_by_session(session_id, number),
  FOREIGN KEY (session_id) REFERENCES sessions(session_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
