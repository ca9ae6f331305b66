-- Addresses that are told of what goes into the audit trail, and what is on its way to them.

-- The trail itself is the outbox: `position` is the number of the last event that was put among the deliveries.
-- Events behind `replay_position` and up to `replay_until` are put there once more.
CREATE TABLE webhooks (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BYTEA NOT NULL,
    settings JSONB NOT NULL,
    secrets JSONB NOT NULL,
    disabled TEXT,
    position BIGINT NOT NULL,
    replay_position BIGINT,
    replay_until BIGINT,
    failing_since BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- An event goes to a webhook once, so the two are the key. Whoever sends it puts off `due_at` for a while first.
CREATE TABLE webhook_deliveries (
    tenant_id BYTEA NOT NULL,
    webhook_id BYTEA NOT NULL,
    event_id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    attempted_at BIGINT,
    status BIGINT,
    error TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, webhook_id, event_id),
    FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (tenant_id, webhook_id, state, event_id);
CREATE INDEX webhook_deliveries_expiry ON webhook_deliveries (expires_at) WHERE expires_at IS NOT NULL;
