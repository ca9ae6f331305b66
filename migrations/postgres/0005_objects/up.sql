-- What administrators see of keys, sessions and grants.

-- When a key took its steps; NULL for steps of before.
ALTER TABLE signing_keys ADD COLUMN activated_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN retired_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN removed_at BIGINT;
ALTER TABLE signing_keys ADD COLUMN revoked_at BIGINT;

-- Where the person signed in.
ALTER TABLE sessions ADD COLUMN origin JSONB;

-- In order of their identifiers, which is that of their creation and of the listings.
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (tenant_id, user_id, id);
DROP INDEX grants_client;
CREATE INDEX grants_client ON grants (tenant_id, client_id, id);
