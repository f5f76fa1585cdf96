-- The role stays: other databases of the cluster may use it.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT p.polrelid::regclass AS name FROM pg_policy p WHERE p.polname = 'tenant' LOOP
        EXECUTE format('DROP POLICY tenant ON %s', found.name);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', found.name);
        EXECUTE format('REVOKE ALL ON %s FROM beamline_tenant', found.name);
    END LOOP;
    REVOKE UPDATE (guarded) ON attempts FROM beamline_tenant;
    REVOKE ALL ON routes FROM beamline_tenant;
    EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM beamline_tenant', current_schema());
END $$;
DROP FUNCTION isolate_tenants();
