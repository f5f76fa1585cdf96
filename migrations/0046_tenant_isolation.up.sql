-- Row-level security: what requests read, and the definitions they write, they do as the role beamline_tenant, which
-- sees the rows of the tenant that the transaction names in beamline.tenant and no others. The engine's own role owns
-- the tables (or has BYPASSRLS), so policies do not concern it. Roles belong to the cluster, not to this database.
DO $$
BEGIN
    IF to_regrole('beamline_tenant') IS NULL THEN
        BEGIN
            CREATE ROLE beamline_tenant NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the role beamline_tenant is missing and % may not make roles: let a superuser run CREATE ROLE beamline_tenant NOLOGIN; GRANT beamline_tenant TO %;', current_user, quote_ident(current_user);
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'beamline_tenant', 'MEMBER') THEN
        BEGIN
            EXECUTE format('GRANT beamline_tenant TO %I', current_user);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION '% is no member of the role beamline_tenant: let a superuser run GRANT beamline_tenant TO %;', current_user, quote_ident(current_user);
        END;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO beamline_tenant', current_schema());
END $$;

-- Gives every table of tenants that has none its policy, and lets requests read it. A migration that makes such a table
-- ends with SELECT isolate_tenants(). Partitions need none: the role has no right to them but through their parent.
CREATE FUNCTION isolate_tenants() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT c.oid::regclass AS name, a.attname AS key
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND a.attname = CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant' END
            AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant')
        ORDER BY c.relname
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', found.name);
        -- A subquery, so that the setting is read once a statement and not once a row.
        EXECUTE format(
            'CREATE POLICY tenant ON %s TO beamline_tenant USING (%I = (SELECT current_setting(''beamline.tenant'')::int4))',
            found.name, found.key);
        EXECUTE format('GRANT SELECT ON %s TO beamline_tenant', found.name);
    END LOOP;
END $$;

SELECT isolate_tenants();

GRANT SELECT ON routes TO beamline_tenant;
-- What requests write. Everything else is the engine's.
GRANT INSERT, UPDATE ON queues, workflows TO beamline_tenant;
GRANT INSERT ON workflow_versions, events TO beamline_tenant;
-- A queue that gets a limit counts what runs already.
GRANT UPDATE (guarded) ON attempts TO beamline_tenant;
GRANT INSERT, UPDATE, DELETE ON api_keys, roles, grants, revoked_tokens, secrets TO beamline_tenant;
-- Written by the triggers of the tables above.
GRANT INSERT, UPDATE ON access_epochs TO beamline_tenant;
