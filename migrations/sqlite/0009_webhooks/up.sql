-- Addresses that are told of what goes into the audit trail, and what is on its way to them.

-- The trail itself is the outbox: `position` is the number of the last event that was put among the deliveries.
-- Events behind `replay_position` and up to `replay_until` are put there once more.
CREATE TABLE webhooks (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    id BLOB NOT NULL,
    settings BLOB NOT NULL,
    secrets BLOB NOT NULL,
    disabled TEXT,
    position INTEGER NOT NULL,
    replay_position INTEGER,
    replay_until INTEGER,
    failing_since INTEGER,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;

-- An event goes to a webhook once, so the two are the key. Whoever sends it puts off `due_at` for a while first.
CREATE TABLE webhook_deliveries (
    tenant_id BLOB NOT NULL,
    webhook_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    attempted_at INTEGER,
    status INTEGER,
    error TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (tenant_id, webhook_id, event_id),
    FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, webhook_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (tenant_id, webhook_id, state, event_id);
CREATE INDEX webhook_deliveries_expiry ON webhook_deliveries (expires_at) WHERE expires_at IS NOT NULL;
