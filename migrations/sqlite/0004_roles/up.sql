-- Roles that administrators make: a tenant's own, and in the system tenant those of the whole platform.
CREATE TABLE roles (
    tenant_id BLOB NOT NULL REFERENCES tenants ON DELETE CASCADE,
    platform INTEGER NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    permissions BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, platform, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE role_assignments ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX role_assignments_listing ON role_assignments (tenant_id, scope, created_at, role, subject);
