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
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE setup_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tenants (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_lower TEXT NOT NULL,
    issuer TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    settings BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tenants_listing ON tenants (created_at, id);

CREATE TABLE signing_keys (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BLOB NOT NULL,
    algorithm TEXT NOT NULL,
    state TEXT NOT NULL,
    public_jwk BLOB NOT NULL,
    sealed_private_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    changes_at INTEGER,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX signing_keys_changes ON signing_keys (changes_at);
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (tenant_id, algorithm) WHERE state = 'active';
CREATE UNIQUE INDEX signing_keys_published ON signing_keys (tenant_id, algorithm) WHERE state = 'published';

CREATE TABLE users (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BLOB NOT NULL,
    username TEXT NOT NULL,
    username_lower TEXT NOT NULL,
    email TEXT,
    email_lower TEXT,
    email_verified INTEGER NOT NULL,
    name_lower TEXT,
    status TEXT NOT NULL,
    password TEXT,
    profile BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX users_username ON users (tenant_id, username_lower);
CREATE UNIQUE INDEX users_email ON users (tenant_id, email_lower);
CREATE INDEX users_listing ON users (tenant_id, created_at, id);

CREATE TABLE clients (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    client_id_lower TEXT NOT NULL,
    client_name TEXT NOT NULL,
    client_name_lower TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    metadata BLOB NOT NULL,
    secrets BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, client_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX clients_listing ON clients (tenant_id, created_at, client_id);

CREATE TABLE interactions (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BLOB NOT NULL,
    browser BLOB NOT NULL,
    purpose BLOB NOT NULL,
    signed_in BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    completed_at INTEGER,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX interactions_expiry ON interactions (expires_at);

CREATE TABLE sessions (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    secret BLOB NOT NULL,
    user_id BLOB NOT NULL,
    authenticated_at INTEGER NOT NULL,
    amr BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sessions_secret ON sessions (tenant_id, secret);
CREATE INDEX sessions_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE grants (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    client_id TEXT NOT NULL,
    user_id BLOB NOT NULL,
    scope TEXT NOT NULL,
    resources BLOB NOT NULL,
    authentication BLOB NOT NULL,
    nonce TEXT,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revocation_reason TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_user ON grants (tenant_id, user_id, client_id);
CREATE INDEX grants_client ON grants (tenant_id, client_id);

-- Codes and refresh tokens have no client_id: theirs is their grant's.
CREATE TABLE authorization_codes (
    tenant_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    grant_id BLOB NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX authorization_codes_grant ON authorization_codes (tenant_id, grant_id);
CREATE INDEX authorization_codes_expiry ON authorization_codes (expires_at);

CREATE TABLE refresh_tokens (
    tenant_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    grant_id BLOB NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    rotated_at INTEGER,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_grant ON refresh_tokens (tenant_id, grant_id);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

CREATE TABLE access_token_revocations (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_token_revocations_expiry ON access_token_revocations (expires_at);

CREATE TABLE spent_assertions (
    tenant_id BLOB NOT NULL,
    client_id TEXT NOT NULL,
    jti BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, client_id, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_assertions_expiry ON spent_assertions (expires_at);

CREATE TABLE consents (
    tenant_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    client_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    resources BLOB NOT NULL,
    given_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id, client_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX consents_client ON consents (tenant_id, client_id);

CREATE TABLE console_sessions (
    tenant_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    user_id BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX console_sessions_user ON console_sessions (tenant_id, user_id);
CREATE INDEX console_sessions_expiry ON console_sessions (expires_at);

-- subject is 'user:<id>' or 'client:<client_id>'; scope is a tenant's id, or '*' for the platform.
CREATE TABLE role_assignments (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (tenant_id, subject, role, scope)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_events (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor BLOB NOT NULL,
    target TEXT NOT NULL,
    detail BLOB NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_events_listing ON audit_events (tenant_id, at, id);
