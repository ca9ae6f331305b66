-- Clients that register themselves, sender-constrained and opaque tokens, protected resources, devices,
-- pushed requests.

-- How the client came to be; NULL for one that an administrator made. A self-made client that nobody
-- uses is deleted after dies_at.
ALTER TABLE clients ADD COLUMN origin BLOB;
ALTER TABLE clients ADD COLUMN registration_fingerprint BLOB;
ALTER TABLE clients ADD COLUMN dies_at INTEGER;
CREATE UNIQUE INDEX clients_registration ON clients (tenant_id, registration_fingerprint);
CREATE INDEX clients_expiry ON clients (dies_at);

ALTER TABLE grants ADD COLUMN session_id BLOB;
CREATE INDEX grants_session ON grants (tenant_id, session_id);

ALTER TABLE authorization_codes ADD COLUMN dpop_jkt TEXT;
ALTER TABLE refresh_tokens ADD COLUMN confirmation BLOB;
ALTER TABLE consents ADD COLUMN client_fingerprint BLOB;

-- Opaque access tokens. They do not hang on their grant: one that a client gets for itself has none.
CREATE TABLE access_tokens (
    tenant_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    claims BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_tokens_expiry ON access_tokens (expires_at);

CREATE TABLE protected_resources (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    identifier TEXT NOT NULL,
    settings BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, identifier)
) STRICT, WITHOUT ROWID;
CREATE INDEX protected_resources_listing ON protected_resources (tenant_id, created_at, identifier);

CREATE TABLE pushed_authorization_requests (
    tenant_id BLOB NOT NULL,
    hash BLOB NOT NULL,
    client_id TEXT NOT NULL,
    request BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX pushed_authorization_requests_client ON pushed_authorization_requests (tenant_id, client_id);
CREATE INDEX pushed_authorization_requests_expiry ON pushed_authorization_requests (expires_at);

CREATE TABLE device_authorizations (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    device_code BLOB NOT NULL,
    user_code BLOB NOT NULL,
    client_id TEXT NOT NULL,
    request BLOB NOT NULL,
    origin BLOB NOT NULL,
    state TEXT NOT NULL,
    user_id BLOB,
    approval BLOB,
    entries INTEGER NOT NULL,
    poll_interval INTEGER NOT NULL,
    polled_at INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX device_authorizations_device_code ON device_authorizations (tenant_id, device_code);
CREATE UNIQUE INDEX device_authorizations_user_code ON device_authorizations (tenant_id, user_code);
CREATE INDEX device_authorizations_client ON device_authorizations (tenant_id, client_id);
CREATE INDEX device_authorizations_user ON device_authorizations (tenant_id, user_id);
CREATE INDEX device_authorizations_listing ON device_authorizations (tenant_id, state, created_at, id);
CREATE INDEX device_authorizations_expiry ON device_authorizations (expires_at);

-- How often somebody tried something that may be tried a few times only; subject is a hash of who and what.
CREATE TABLE attempts (
    tenant_id BLOB NOT NULL,
    subject BLOB NOT NULL,
    count INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_expiry ON attempts (expires_at);

CREATE TABLE initial_access_tokens (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BLOB NOT NULL,
    hash BLOB NOT NULL,
    settings BLOB NOT NULL,
    uses_left INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX initial_access_tokens_hash ON initial_access_tokens (tenant_id, hash);
CREATE INDEX initial_access_tokens_expiry ON initial_access_tokens (expires_at);
