-- What people sign in with beside a password, and the browsers that they did it in.

ALTER TABLE interactions ADD COLUMN proven JSONB;

CREATE TABLE passkeys (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    credential_id BYTEA NOT NULL,
    name TEXT NOT NULL,
    credential JSONB NOT NULL,
    counter BIGINT NOT NULL,
    synced BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (tenant_id, credential_id);
CREATE INDEX passkeys_user ON passkeys (tenant_id, user_id);

CREATE TABLE totp_authenticators (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    name TEXT NOT NULL,
    sealed_secret BYTEA NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX totp_authenticators_user ON totp_authenticators (tenant_id, user_id);

CREATE TABLE recovery_codes (
    tenant_id BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, user_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);

-- One cookie names a browser to all of a tenant's users.
CREATE TABLE known_browsers (
    tenant_id BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    seen_at BIGINT NOT NULL,
    trusted_until BIGINT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX known_browsers_expiry ON known_browsers (expires_at);

-- Challenges that wait for their one answer.
CREATE TABLE ceremonies (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BYTEA NOT NULL,
    purpose JSONB NOT NULL,
    state JSONB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX ceremonies_expiry ON ceremonies (expires_at);

ALTER TABLE passkeys ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkeys FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON passkeys USING (
    current_setting('grantor.tenant', true) = '*' OR
    tenant_id = decode(nullif(current_setting('grantor.tenant', true), '*'), 'hex')
);

ALTER TABLE totp_authenticators ENABLE ROW LEVEL SECURITY;
ALTER TABLE totp_authenticators FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON totp_authenticators USING (
    current_setting('grantor.tenant', true) = '*' OR
    tenant_id = decode(nullif(current_setting('grantor.tenant', true), '*'), 'hex')
);

ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON recovery_codes USING (
    current_setting('grantor.tenant', true) = '*' OR
    tenant_id = decode(nullif(current_setting('grantor.tenant', true), '*'), 'hex')
);

ALTER TABLE known_browsers ENABLE ROW LEVEL SECURITY;
ALTER TABLE known_browsers FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON known_browsers USING (
    current_setting('grantor.tenant', true) = '*' OR
    tenant_id = decode(nullif(current_setting('grantor.tenant', true), '*'), 'hex')
);

ALTER TABLE ceremonies ENABLE ROW LEVEL SECURITY;
ALTER TABLE ceremonies FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON ceremonies USING (
    current_setting('grantor.tenant', true) = '*' OR
    tenant_id = decode(nullif(current_setting('grantor.tenant', true), '*'), 'hex')
);
