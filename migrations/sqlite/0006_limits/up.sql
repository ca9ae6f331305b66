-- How much tenants may have, and what they did.

-- How many of a noun a tenant has, counted in the transactions that make and delete them, and the most that it
-- may have, from its settings; NULL is any number. Registrations are those of one day, numbered from 1970 in UTC.
CREATE TABLE tenant_counts (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    noun TEXT NOT NULL,
    count INTEGER NOT NULL,
    most INTEGER,
    day INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, noun)
) STRICT, WITHOUT ROWID;
INSERT INTO tenant_counts (tenant_id, noun, count, day)
    SELECT tenants.id, 'users', (SELECT COUNT(*) FROM users WHERE users.tenant_id = tenants.id), 0 FROM tenants;
INSERT INTO tenant_counts (tenant_id, noun, count, day)
    SELECT tenants.id, 'clients', (SELECT COUNT(*) FROM clients WHERE clients.tenant_id = tenants.id), 0 FROM tenants;
INSERT INTO tenant_counts (tenant_id, noun, count, day)
    SELECT tenants.id, 'registrations', 0, 0 FROM tenants;

-- What happened in an hour. Like audit_events they do not hang on their tenant: deleting it deletes them by name.
CREATE TABLE stats (
    tenant_id BLOB NOT NULL,
    hour INTEGER NOT NULL,
    metric TEXT NOT NULL,
    count INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, hour, metric)
) STRICT, WITHOUT ROWID;
CREATE INDEX stats_expiry ON stats (expires_at);

-- The sum over all tenants, those that are gone included: the installation's own.
CREATE TABLE platform_stats (
    hour INTEGER NOT NULL,
    metric TEXT NOT NULL,
    count INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (hour, metric)
) STRICT, WITHOUT ROWID;
CREATE INDEX platform_stats_expiry ON platform_stats (expires_at);
