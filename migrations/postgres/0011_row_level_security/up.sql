-- A second wall between tenants, which holds when a statement forgets its own: every connection says in
-- grantor.tenant whose rows it is about (a tenant's identifier in hexadecimal, or '*' for work that spans
-- tenants), and sees and writes no others. A connection that says nothing sees nothing.
--
-- FORCE, because the tables' owner is the program itself. Superusers and roles with BYPASSRLS are above it.
-- Foreign keys are checked, and cascade, regardless.
--
-- A later migration that makes a table with a tenant_id gives it the same policy; a test says so.
DO $$
DECLARE
    tenants_table TEXT;
BEGIN
    FOR tenants_table IN
        SELECT table_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_name = 'tenant_id'
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
