-- Host names that tenants' issuers can be at. Any number of tenants may want a domain.
CREATE TABLE domains (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    domain TEXT NOT NULL,
    challenge TEXT NOT NULL,
    verified_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, domain)
);
-- One of them has it verified. What has to be unique among all tenants cannot begin with the tenant.
CREATE UNIQUE INDEX domains_verified ON domains (domain) WHERE verified_at IS NOT NULL;

-- The verified domain that a tenant's issuer is at, in the directory, where requests find the tenant by their host.
ALTER TABLE tenants ADD COLUMN domain TEXT;
CREATE UNIQUE INDEX tenants_domain ON tenants (domain);
