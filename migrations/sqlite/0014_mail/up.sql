-- Messages to people that wait to be sent. Whoever sends one puts off `due_at` for a while first. Whom it is for
-- and what it says is in `content`, encrypted under the master key; links are made when it is sent.
CREATE TABLE messages (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    content BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_due ON messages (tenant_id, due_at);
-- For the job that looks for tenants with something to send.
CREATE INDEX messages_platform ON messages (due_at);

-- Links in messages, each good for one thing and once. One with an interaction works in its browser only.
CREATE TABLE one_time_links (
    tenant_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    kind TEXT NOT NULL,
    user_id BLOB NOT NULL,
    address TEXT NOT NULL,
    interaction_id BLOB,
    browser BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX one_time_links_user ON one_time_links (tenant_id, user_id);
CREATE INDEX one_time_links_expiry ON one_time_links (expires_at);
