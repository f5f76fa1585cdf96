-- Who did what, when, from where, and what it was before and after: docs/decisions/0042. Rows are only ever added. They
-- leave by whole months, with a mark of that which only the nodes can make (audit_horizons).
CREATE FUNCTION audit_epoch() RETURNS int4 LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT epoch FROM cluster), 1)
$$;

CREATE TABLE audit (
    id int8 GENERATED ALWAYS AS IDENTITY,
    -- With the epoch of the database: the order in which rows are sealed, which is final below a snapshot's horizon.
    xid xid8 NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    epoch int4 NOT NULL,
    -- Whose log it stands in.
    tenant int4,
    -- How often, of refusals that came within one second.
    times int4 NOT NULL DEFAULT 1 CHECK (times > 0),
    -- token, key: who signed in with one; database: a session that said nothing of a request.
    actor_kind text NOT NULL,
    actor text NOT NULL,
    -- The actor's own tenant, by name.
    actor_tenant text,
    address text,
    agent text,
    -- The entry point: an operation of openapi.yaml, or a gRPC method.
    operation text,
    -- What was done to which thing: queue.change, default.
    action text NOT NULL,
    name text,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    before jsonb,
    after jsonb,
    request_id text,
    trace_id text,
    PRIMARY KEY (epoch, xid, id, at)
) PARTITION BY RANGE (at);
CREATE INDEX audit_tenant ON audit (tenant, id);
CREATE TABLE audit_default PARTITION OF audit DEFAULT;

-- A seal covers the rows behind the one before it up to its own (epoch, xid, id), all of one month, and the event rows
-- of the transactions in [events_from, events_to). Its code (HMAC-SHA-256) is over all of this and the code of the one
-- before, under a key that no database has: Sources/Audit/AuditSeal.swift.
CREATE TABLE audit_seals (
    number int8 PRIMARY KEY CHECK (number > 0),
    sealed_at timestamptz NOT NULL,
    xid xid8 NOT NULL,
    id int8 NOT NULL,
    events_from xid8 NOT NULL,
    events_to xid8 NOT NULL,
    events int8 NOT NULL,
    -- Records sealed by this one and those before it.
    total int8 NOT NULL,
    epoch int4 NOT NULL,
    -- Of its rows: 202611.
    month int4,
    -- The SHA-256 of each row, one behind the other.
    leaves bytea NOT NULL,
    events_digest bytea NOT NULL,
    key_id text NOT NULL,
    code bytea NOT NULL
);

-- Rows of months before this one were dropped, by a node that has the key.
CREATE TABLE audit_horizons (
    made_at timestamptz NOT NULL,
    before int4 PRIMARY KEY,
    key_id text NOT NULL,
    code bytea NOT NULL
);

CREATE FUNCTION audit_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.xid := pg_current_xact_id();
    NEW.epoch := audit_epoch();
    RETURN NEW;
END $$;
CREATE TRIGGER audit_stamp BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION audit_stamp();

-- Only additions. Privileges say so to roles, the triggers to the owner as well.
CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: no % of %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'Old months leave by audit_expire().';
END $$;
DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['audit', 'audit_seals', 'audit_horizons'] LOOP
        EXECUTE format(
            'CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION audit_append_only()',
            kept);
    END LOOP;
    FOREACH kept IN ARRAY ARRAY['audit', 'audit_default', 'audit_seals', 'audit_horizons'] LOOP
        EXECUTE format(
            'CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()',
            kept);
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM PUBLIC, CURRENT_USER', kept);
    END LOOP;
END $$;

-- Makes the partitions of this month and of so many ahead; answers how many were made. A month of which rows stand in the
-- default partition already stays there.
CREATE FUNCTION make_audit_partitions(months_ahead int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    made int := 0;
    start timestamptz;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(7021, 2);
    FOR n IN 0..months_ahead LOOP
        start := (date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month') AT TIME ZONE 'UTC';
        part := 'audit_' || to_char(start AT TIME ZONE 'UTC', 'YYYYMM');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        CONTINUE WHEN EXISTS (
            SELECT FROM audit_default WHERE at >= start AND at < start + interval '1 month');
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF audit FOR VALUES FROM (%L) TO (%L)', part, start,
            (start AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
        EXECUTE format(
            'CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()',
            part);
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM PUBLIC, CURRENT_USER', part);
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
SELECT make_audit_partitions(3);

-- Drops the partitions of months before this one (202611); answers how many.
CREATE FUNCTION audit_expire(before int4) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    gone int := 0;
    part text;
BEGIN
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'audit'::regclass AND c.relname ~ '^audit_[0-9]{6}$'
            AND substr(c.relname, 7)::int4 < before
    LOOP
        EXECUTE format('DROP TABLE %I', part);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END $$;

-- Adds a record. The context is what the node says of the request (Sources/Audit/AuditContext.swift); without one the
-- database's own session stands for the actor.
CREATE FUNCTION audit_add(
    tenant int4, context jsonb, action text, name text, outcome text, before jsonb, after jsonb, times int4 DEFAULT 1
) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    INSERT INTO audit (
        xid, epoch, tenant, times, actor_kind, actor, actor_tenant, address, agent, operation, action, name, outcome,
        before, after, request_id, trace_id)
    SELECT '0', 0, $1, $8, coalesce($2 ->> 'kind', 'database'), coalesce($2 ->> 'subject', session_user),
        $2 ->> 'tenant', coalesce($2 ->> 'address', host(inet_client_addr())),
        coalesce($2 ->> 'agent', CASE WHEN $2 IS NULL THEN current_setting('application_name') END),
        $2 ->> 'operation', $3, $4, $5, $6, $7, $2 ->> 'request', $2 ->> 'trace'
$$;

-- Records the change of a row. Arguments: what it is, the column that has the tenant, the columns of its name and those
-- that are shown, each with commas between, and a word for the deed if it is not create, change or delete. Nothing else
-- of the row gets into the log, so what is secret stays out of it.
CREATE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    context jsonb := nullif(current_setting('beamline.audit', true), '')::jsonb;
    old_row jsonb := to_jsonb(OLD);
    new_row jsonb := to_jsonb(NEW);
    row_now jsonb := coalesce(new_row, old_row);
    before jsonb;
    after jsonb;
    deed text := coalesce(
        TG_ARGV[4], CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'UPDATE' THEN 'change' ELSE 'delete' END);
BEGIN
    IF old_row IS NOT NULL THEN
        before := (SELECT jsonb_object_agg(c, old_row -> c) FROM unnest(string_to_array(TG_ARGV[3], ',')) c);
    END IF;
    IF new_row IS NOT NULL THEN
        after := (SELECT jsonb_object_agg(c, new_row -> c) FROM unnest(string_to_array(TG_ARGV[3], ',')) c);
    END IF;
    IF before IS NOT DISTINCT FROM after THEN
        RETURN NULL;
    END IF;
    PERFORM audit_add(
        (row_now ->> TG_ARGV[1])::int4, context, TG_ARGV[0] || '.' || deed,
        (SELECT string_agg(row_now ->> c, ' ' ORDER BY n)
            FROM unnest(string_to_array(TG_ARGV[2], ',')) WITH ORDINALITY AS named (c, n)),
        'done', before, after);
    PERFORM pg_notify('beamline_audit', '');
    RETURN NULL;
END $$;

CREATE TRIGGER tenants_audit AFTER INSERT OR UPDATE OR DELETE ON tenants
    FOR EACH ROW EXECUTE FUNCTION audit_change('tenant', 'id', 'name', 'name,weight,suspended_at');
CREATE TRIGGER api_keys_audit AFTER INSERT OR DELETE OR UPDATE OF name, roles, expires_at, revoked_at, digest ON api_keys
    FOR EACH ROW EXECUTE FUNCTION audit_change(
        'key', 'tenant', 'id', 'id,name,roles,created_by,expires_at,revoked_at,revoked_by');
CREATE TRIGGER roles_audit AFTER INSERT OR UPDATE OR DELETE ON roles
    FOR EACH ROW EXECUTE FUNCTION audit_change('role', 'tenant', 'name', 'name,permissions');
CREATE TRIGGER grants_audit AFTER INSERT OR UPDATE OR DELETE ON grants
    FOR EACH ROW EXECUTE FUNCTION audit_change('grant', 'tenant', 'subject,role,kind,name', 'subject,role,kind,name');
CREATE TRIGGER revoked_tokens_audit AFTER INSERT ON revoked_tokens
    FOR EACH ROW EXECUTE FUNCTION audit_change(
        'token', 'tenant', 'token_id', 'token_id,expires_at,revoked_by', 'revoke');
CREATE TRIGGER secrets_audit AFTER INSERT OR UPDATE OR DELETE ON secrets
    FOR EACH ROW EXECUTE FUNCTION audit_change('secret', 'tenant', 'name', 'name,key_id,updated_by,updated_at');
-- Definitions never change: a version names one.
CREATE TRIGGER workflows_audit AFTER UPDATE OF version ON workflows
    FOR EACH ROW EXECUTE FUNCTION audit_change('workflow', 'tenant', 'name', 'name,version', 'apply');
-- Queues come into being by being named, and are walked when they are re-ranked: neither is anybody's deed.
CREATE TRIGGER queues_audit AFTER UPDATE ON queues
    FOR EACH ROW WHEN (NEW.version > OLD.version) EXECUTE FUNCTION audit_change(
        'queue', 'tenant', 'name',
        'name,discipline,boost,weight,strict,concurrency,paused,draining,deleted_at,version');

-- Only the triggers and the engine's role add records.
REVOKE ALL ON FUNCTION audit_add(int4, jsonb, text, text, text, jsonb, jsonb, int4) FROM PUBLIC;

-- Where rows are hidden from other tenants already (migration 0046), these are, too.
DO $$
BEGIN
    IF to_regproc('isolate_tenants') IS NOT NULL THEN
        EXECUTE 'SELECT isolate_tenants()';
    END IF;
END $$;
