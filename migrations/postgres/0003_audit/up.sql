-- The audit trail tells where a request came from, and is chained by hash for each tenant.

-- actor_key is what events are searched by: user:<id>, client:<client_id>, system or anonymous.
-- Events from before the chain have sequence 0 and no hashes.
ALTER TABLE audit_events ADD COLUMN actor_key TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN origin JSONB;
ALTER TABLE audit_events ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit_events ADD COLUMN previous_hash BYTEA NOT NULL DEFAULT '';
ALTER TABLE audit_events ADD COLUMN hash BYTEA NOT NULL DEFAULT '';
UPDATE audit_events SET actor_key = CASE actor ->> 'kind'
    WHEN 'user' THEN 'user:' || (actor ->> 'id')
    WHEN 'client' THEN 'client:' || (actor ->> 'client_id')
    ELSE actor ->> 'kind' END;
DROP INDEX audit_events_listing;
CREATE INDEX audit_events_listing ON audit_events (tenant_id, at, sequence, id);
CREATE INDEX audit_events_kind ON audit_events (tenant_id, kind, at, sequence, id);
CREATE INDEX audit_events_actor ON audit_events (tenant_id, actor_key, at, sequence, id);
CREATE INDEX audit_events_target ON audit_events (tenant_id, target, at, sequence, id);
CREATE INDEX audit_events_sequence ON audit_events (tenant_id, sequence, id);
-- For the platform's own look at all tenants.
CREATE INDEX audit_events_platform ON audit_events (at, sequence, id);

-- Where each tenant's chain ends: the number and hash of its newest event. What retention deleted ends
-- with pruned_to and pruned_hash, and is looked for again at prunes_at. Until followed_until somebody
-- waits for new events.
CREATE TABLE audit_chains (
    tenant_id BYTEA NOT NULL PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    sequence BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    pruned_to BIGINT NOT NULL,
    pruned_hash BYTEA NOT NULL,
    prunes_at BIGINT NOT NULL,
    followed_until BIGINT NOT NULL
);
CREATE INDEX audit_chains_expiry ON audit_chains (prunes_at);
INSERT INTO audit_chains
    SELECT id, 0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'), 0, 0 FROM tenants;
