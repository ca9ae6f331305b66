-- Roles that administrators make: a tenant's own, and in the system tenant those of the whole platform.
CREATE TABLE roles (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    platform BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    permissions JSONB NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, platform, name)
);

ALTER TABLE role_assignments ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX role_assignments_listing ON role_assignments (tenant_id, scope, created_at, role, subject);
