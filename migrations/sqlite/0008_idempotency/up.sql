-- What came of a POST with an Idempotency-Key. hash is that of the caller and the key, fingerprint that of
-- the request; answer is sealed, for it may hold a secret that is shown once, and absent until there is one.
CREATE TABLE idempotency_keys (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    hash BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    reserved_at INTEGER NOT NULL,
    answer BLOB,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- What lists are sorted by, searched in and narrowed to.
CREATE INDEX tenants_name ON tenants (name_lower, id);
CREATE INDEX tenants_status ON tenants (status, created_at, id);
CREATE INDEX users_name ON users (tenant_id, name_lower, id);
CREATE INDEX users_status ON users (tenant_id, status, created_at, id);
CREATE INDEX clients_id ON clients (tenant_id, client_id_lower, client_id);
CREATE INDEX clients_name ON clients (tenant_id, client_name_lower, client_id);
CREATE INDEX clients_enabled ON clients (tenant_id, enabled, created_at, client_id);
