-- Other OpenID Connect providers that a tenant's people sign in through.
CREATE TABLE identity_providers (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    settings BLOB NOT NULL,
    secret BLOB,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

-- Who somebody is there and here: a provider's subject is one user, and a user has one subject of a provider.
CREATE TABLE identity_links (
    tenant_id BLOB NOT NULL,
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    PRIMARY KEY (tenant_id, provider, subject),
    FOREIGN KEY (tenant_id, provider) REFERENCES identity_providers (tenant_id, name) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identity_links_user ON identity_links (tenant_id, user_id, provider);

-- Browsers that were sent to a provider. `hash` is that of `state`; whatever else they need is made of `state` and
-- the master key.
CREATE TABLE upstream_sign_ins (
    tenant_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    browser BLOB NOT NULL,
    provider TEXT NOT NULL,
    purpose BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, provider) REFERENCES identity_providers (tenant_id, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX upstream_sign_ins_provider ON upstream_sign_ins (tenant_id, provider);
CREATE INDEX upstream_sign_ins_expiry ON upstream_sign_ins (expires_at);
