-- Messages to people that wait to be sent. Whoever sends one puts off `due_at` for a while first. Whom it is for
-- and what it says is in `content`, encrypted under the master key; links are made when it is sent.
CREATE TABLE messages (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    content BYTEA NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX messages_due ON messages (tenant_id, due_at);
-- For the job that looks for tenants with something to send.
CREATE INDEX messages_platform ON messages (due_at);

-- Links in messages, each good for one thing and once. One with an interaction works in its browser only.
CREATE TABLE one_time_links (
    tenant_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    kind TEXT NOT NULL,
    user_id BYTEA NOT NULL,
    address TEXT NOT NULL,
    interaction_id BYTEA,
    browser BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
CREATE INDEX one_time_links_user ON one_time_links (tenant_id, user_id);
CREATE INDEX one_time_links_expiry ON one_time_links (expires_at);

-- As in 0011_row_level_security.
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON messages USING (
    current_setting('grantor.tenant', true) = '*'
    OR tenant_id = decode(nullif(current_setting('grantor.tenant', true), '*'), 'hex')
);
ALTER TABLE one_time_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE one_time_links FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON one_time_links USING (
    current_setting('grantor.tenant', true) = '*'
    OR tenant_id = decode(nullif(current_setting('grantor.tenant', true), '*'), 'hex')
);
