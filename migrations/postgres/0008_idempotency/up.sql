-- What came of a POST with an Idempotency-Key. hash is that of the caller and the key, fingerprint that of
-- the request; answer is sealed, for it may hold a secret that is shown once, and absent until there is one.
CREATE TABLE idempotency_keys (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    hash BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    reserved_at BIGINT NOT NULL,
    answer BYTEA,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- What lists are sorted by and searched in compares by code point, as on SQLite, so that a search for how
-- names begin is a range of their index, whatever the database's locale.
ALTER TABLE tenants
    ALTER COLUMN slug TYPE TEXT COLLATE "C",
    ALTER COLUMN name_lower TYPE TEXT COLLATE "C";
ALTER TABLE users
    ALTER COLUMN username_lower TYPE TEXT COLLATE "C",
    ALTER COLUMN email_lower TYPE TEXT COLLATE "C",
    ALTER COLUMN name_lower TYPE TEXT COLLATE "C";
ALTER TABLE clients
    ALTER COLUMN client_id_lower TYPE TEXT COLLATE "C",
    ALTER COLUMN client_name_lower TYPE TEXT COLLATE "C";

-- What lists are sorted by, searched in and narrowed to.
CREATE INDEX tenants_name ON tenants (name_lower, id);
CREATE INDEX tenants_status ON tenants (status, created_at, id);
CREATE INDEX users_name ON users (tenant_id, name_lower, id);
CREATE INDEX users_status ON users (tenant_id, status, created_at, id);
CREATE INDEX clients_id ON clients (tenant_id, client_id_lower, client_id);
CREATE INDEX clients_name ON clients (tenant_id, client_name_lower, client_id);
CREATE INDEX clients_enabled ON clients (tenant_id, enabled, created_at, client_id);
