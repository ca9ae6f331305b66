-- Work that goes on after the request that asked for it: deleting a tenant, importing one. A job belongs
-- to the installation and outlives its tenant, so its tenant is no key. Whoever works on it holds it until
-- lease_until; then any node may go on with it. What expires_at is set for is finished.
CREATE TABLE jobs (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant_id BYTEA NOT NULL,
    tenant_slug TEXT NOT NULL,
    state TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    total BIGINT,
    error TEXT,
    holder BYTEA,
    lease_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    expires_at BIGINT
);
CREATE INDEX jobs_listing ON jobs (created_at, id);
CREATE INDEX jobs_due ON jobs (lease_until) WHERE finished_at IS NULL;
CREATE INDEX jobs_expiry ON jobs (expires_at);
