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
