-- Clients that register themselves, sender-constrained and opaque tokens, protected resources, devices,
-- pushed requests.

-- How the client came to be; NULL for one that an administrator made. A self-made client that nobody
-- uses is deleted after dies_at.
ALTER TABLE clients ADD COLUMN origin JSONB;
ALTER TABLE clients ADD COLUMN registration_fingerprint BYTEA;
ALTER TABLE clients ADD COLUMN dies_at BIGINT;
CREATE UNIQUE INDEX clients_registration ON clients (tenant_id, registration_fingerprint);
CREATE INDEX clients_expiry ON clients (dies_at);

ALTER TABLE grants ADD COLUMN session_id BYTEA;
CREATE INDEX grants_session ON grants (tenant_id, session_id);

ALTER TABLE authorization_codes ADD COLUMN dpop_jkt TEXT;
ALTER TABLE refresh_tokens ADD COLUMN confirmation JSONB;
ALTER TABLE consents ADD COLUMN client_fingerprint BYTEA;

-- Opaque access tokens. They do not hang on their grant: one that a client gets for itself has none.
CREATE TABLE access_tokens (
    tenant_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    claims JSONB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, hash)
);
CREATE INDEX access_tokens_expiry ON access_tokens (expires_at);

CREATE TABLE protected_resources (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    identifier TEXT NOT NULL,
    settings JSONB NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, identifier)
);
CREATE INDEX protected_resources_listing ON protected_resources (tenant_id, created_at, identifier);

CREATE TABLE pushed_authorization_requests (
    tenant_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    request JSONB NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE
);
CREATE INDEX pushed_authorization_requests_client ON pushed_authorization_requests (tenant_id, client_id);
CREATE INDEX pushed_authorization_requests_expiry ON pushed_authorization_requests (expires_at);

CREATE TABLE device_authorizations (
    tenant_id BYTEA NOT NULL,
    id BYTEA NOT NULL,
    device_code BYTEA NOT NULL,
    user_code BYTEA NOT NULL,
    client_id TEXT NOT NULL,
    request JSONB NOT NULL,
    origin JSONB NOT NULL,
    state TEXT NOT NULL,
    user_id BYTEA,
    approval JSONB,
    entries BIGINT NOT NULL,
    poll_interval BIGINT NOT NULL,
    polled_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES clients (tenant_id, client_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX device_authorizations_device_code ON device_authorizations (tenant_id, device_code);
CREATE UNIQUE INDEX device_authorizations_user_code ON device_authorizations (tenant_id, user_code);
CREATE INDEX device_authorizations_client ON device_authorizations (tenant_id, client_id);
CREATE INDEX device_authorizations_user ON device_authorizations (tenant_id, user_id);
CREATE INDEX device_authorizations_listing ON device_authorizations (tenant_id, state, created_at, id);
CREATE INDEX device_authorizations_expiry ON device_authorizations (expires_at);

-- How often somebody tried something that may be tried a few times only; subject is a hash of who and what.
CREATE TABLE attempts (
    tenant_id BYTEA NOT NULL,
    subject BYTEA NOT NULL,
    count BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, subject)
);
CREATE INDEX attempts_expiry ON attempts (expires_at);

CREATE TABLE initial_access_tokens (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    settings JSONB NOT NULL,
    uses_left BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX initial_access_tokens_hash ON initial_access_tokens (tenant_id, hash);
CREATE INDEX initial_access_tokens_expiry ON initial_access_tokens (expires_at);
