-- The tenant is the first column of every primary key, index and foreign key, so that a distributed
-- PostgreSQL can shard by it. Exceptions, because nothing in them may loop over tenants: the
-- directory (tenants), the installation's own tables, and the indexes that find what is due at a
-- time (expires_at, changes_at).
--
-- Rows hang on their tenant by a cascading foreign key. access_token_revocations, spent_assertions
-- and audit_events do not: each of their rows would lock its tenant's row on PostgreSQL, and many
-- are written at a time. Deleting a tenant deletes them by name.
--
-- Identifiers are 16 bytes, hashes 32, times microseconds since 1970. *_lower columns hold what is
-- compared without regard to case, lowered by the program, so that both databases agree.

CREATE TABLE installation (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

CREATE TABLE setup_tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE tenants (
    id BYTEA NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_lower TEXT NOT NULL,
    issuer TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    settings JSONB NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX tenants_listing ON tenants (created_at, id);

CREATE TABLE signing_keys (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BYTEA NOT NULL,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL,
    public_jwk JSONB NOT NULL,
    sealed_private_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    changes_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX signing_keys_changes ON signing_keys (changes_at);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (tenant_id, algorithm) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_published ON signing_keys (tenant_id, algorithm) WHERE state = 'published';

CREATE TABLE users (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BYTEA NOT NULL,
    username TEXT NOT NULL,
    username_lower TEXT NOT NULL,
    email TEXT,
    email_lower TEXT,
    email_verified BOOLEAN NOT NULL,
    name_lower TEXT,
    status TEXT NOT NULL,
    password TEXT,
    profile JSONB NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX users_username ON users (tenant_id, username_lower);
CREATE UNIQUE INDEX users_email ON users (tenant_id, email_lower);
CREATE INDEX users_listing ON users (tenant_id, created_at, id);

CREATE TABLE clients (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    client_id_lower TEXT NOT NULL,
    client_name TEXT NOT NULL,
    client_name_lower TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    metadata JSONB NOT NULL,
    secrets JSONB NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id)
);
CREATE INDEX clients_listing ON clients (tenant_id, created_at, client_id);

CREATE TABLE interactions (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BYTEA NOT NULL,
    browser BYTEA NOT NULL,
    purpose JSONB NOT NULL,
    signed_in BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    completed_at BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX interactions_expiry ON interactions (expires_at);

CREATE TABLE sessions (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    secret BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    authenticated_at BIGINT NOT NULL,
    amr JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX sessions_secret ON sessions (tenant_id, secret);
CREATE INDEX sessions_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE grants (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    user_id BYTEA NOT NULL,
    scope TEXT NOT NULL,
    resources JSONB NOT NULL,
    authentication JSONB NOT NULL,
    nonce TEXT,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revocation_reason TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX grants_user ON grants (tenant_id, user_id, client_id);
CREATE INDEX grants_client ON grants (tenant_id, client_id);

-- Codes and refresh tokens have no client_id: theirs is their grant's.
CREATE TABLE authorization_codes (
    tenant_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    grant_id BYTEA NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX authorization_codes_grant ON authorization_codes (tenant_id, grant_id);
CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_at);

CREATE TABLE refresh_tokens (
    tenant_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    grant_id BYTEA NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    rotated_at BIGINT,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_grant ON refresh_tokens (tenant_id, grant_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE access_token_revocations (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX access_token_revocations_expiry ON access_token_revocations (expires_at);

CREATE TABLE spent_assertions (
    tenant_id BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    jti BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, jti)
);
CREATE INDEX spent_assertions_expiry ON spent_assertions (expires_at);

CREATE TABLE consents (
    tenant_id BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    resources JSONB NOT NULL,
    given_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, user_id, client_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX consents_client ON consents (tenant_id, client_id);

CREATE TABLE console_sessions (
    tenant_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX console_sessions_user ON console_sessions (tenant_id, user_id);
CREATE INDEX console_sessions_expiry ON console_sessions (expires_at);

-- subject is 'user:<id>' or 'client:<client_id>'; scope is a tenant's id, or '*' for the platform.
CREATE TABLE role_assignments (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (tenant_id, subject, role, scope)
);

CREATE TABLE audit_events (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor JSONB NOT NULL,
    target TEXT NOT NULL,
    detail JSONB NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_events_listing ON audit_events (tenant_id, at, id);
