-- Other OpenID Connect providers that a tenant's people sign in through.
CREATE TABLE identity_providers (
    tenant_id BYTEA NOT NULL REFERENCES tenants ON DELETE CASCADE,
    name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    settings JSONB NOT NULL,
    secret JSONB,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

-- Who somebody is there and here: a provider's subject is one user, and a user has one subject of a provider.
CREATE TABLE identity_links (
    tenant_id BYTEA NOT NULL,
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (tenant_id, provider, subject),
    FOREIGN KEY (tenant_id, provider) REFERENCES identity_providers (tenant_id, name) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX identity_links_user ON identity_links (tenant_id, user_id, provider);

-- Browsers that were sent to a provider. `hash` is that of `state`; whatever else they need is made of `state` and
-- the master key.
CREATE TABLE upstream_sign_ins (
    tenant_id BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    browser BYTEA NOT NULL,
    provider TEXT NOT NULL,
    purpose JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    consumed_at BIGINT,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, provider) REFERENCES identity_providers (tenant_id, name) ON DELETE CASCADE
);
CREATE INDEX upstream_sign_ins_provider ON upstream_sign_ins (tenant_id, provider);
CREATE INDEX upstream_sign_ins_expiry ON upstream_sign_ins (expires_at);

-- As 0011 says.
DO $$
DECLARE
    tenants_table TEXT;
BEGIN
    FOREACH tenants_table IN ARRAY ARRAY['identity_providers', 'identity_links', 'upstream_sign_ins']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', tenants_table);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', tenants_table);
        EXECUTE format(
            'CREATE POLICY one_tenant ON %I USING ('
            'current_setting(''grantor.tenant'', true) = ''*'' OR '
            'tenant_id = decode(nullif(current_setting(''grantor.tenant'', true), ''*''), ''hex''))',
            tenants_table
        );
    END LOOP;
END
$$;
