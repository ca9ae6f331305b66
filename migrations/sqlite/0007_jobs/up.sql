-- Work that goes on after the request that asked for it: deleting a tenant, importing one. A job belongs
-- to the installation and outlives its tenant, so its tenant is no key. Whoever works on it holds it until
-- lease_until; then any node may go on with it. What expires_at is set for is finished.
CREATE TABLE jobs (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id BLOB NOT NULL,
    tenant_slug TEXT NOT NULL,
    state TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    total INTEGER,
    error TEXT,
    holder BLOB,
    lease_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_listing ON jobs (created_at, id);
CREATE INDEX jobs_due ON jobs (lease_until) WHERE finished_at IS NULL;
CREATE INDEX jobs_expiry ON jobs (expires_at);
