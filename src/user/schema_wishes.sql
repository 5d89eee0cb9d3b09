-- Accounts that ended when their wishes were still left behind are seen to once more.
INSERT OR IGNORE INTO account_endings(user_id, since) SELECT user_id, ended_at FROM users WHERE ended_at IS NOT NULL;
