-- What a tenant may use; null: as much as it likes. A tenant without a row has no quota, and nothing of the tables below.
CREATE TABLE quotas (
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Up to when submissions are spoken for (a token bucket of one second as one point in time).
    spoken_until timestamptz NOT NULL DEFAULT '-infinity',
    version int8 NOT NULL DEFAULT 1,
    tenant int4 PRIMARY KEY REFERENCES tenants,
    submissions_per_second int4 CHECK (submissions_per_second > 0),
    active_runs int4 CHECK (active_runs >= 0),
    pending_steps int4 CHECK (pending_steps >= 0),
    concurrent_steps int4 CHECK (concurrent_steps >= 0),
    workers int4 CHECK (workers >= 0),
    definitions int4 CHECK (definitions >= 0),
    -- Of a quota, from where on people are warned.
    soft_percent int4 NOT NULL DEFAULT 80 CHECK (soft_percent BETWEEN 1 AND 100)
) WITH (fillfactor = 50);
CREATE INDEX quotas_changed ON quotas (changed_at);

-- Active runs of tenants that have a quota of them, by who counts them: a lane of a node. `used` is what the lane's
-- commits have started less what they have ended, so only the sum means something; `units` are runs that the lane may
-- start without asking, until the row expires. used + units over a tenant's rows never exceeds its quota by a grant.
-- The row of holder 0 takes over what is left of lanes that are gone.
CREATE TABLE reservations (
    expires_at timestamptz NOT NULL,
    used int8 NOT NULL,
    units int4 NOT NULL CHECK (units >= 0),
    tenant int4 NOT NULL,
    lane int4 NOT NULL,
    holder uuid NOT NULL,
    PRIMARY KEY (tenant, holder, lane)
) WITH (fillfactor = 50);

-- One at a time for each tenant, so that the count includes what others insert. The SQLSTATE is the quota's.
CREATE FUNCTION refuse_over_quota() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    most int4;
    found int8;
BEGIN
    IF TG_TABLE_NAME = 'workflows' THEN
        SELECT q.definitions INTO most FROM quotas q WHERE q.tenant = NEW.tenant;
        IF most IS NULL THEN RETURN NULL; END IF;
        PERFORM pg_advisory_xact_lock(7022, NEW.tenant);
        SELECT count(*) INTO found FROM workflows w WHERE w.tenant = NEW.tenant;
        IF found > most THEN RAISE EXCEPTION '% of %', found, most USING ERRCODE = 'BLQ06'; END IF;
    ELSE
        SELECT q.workers INTO most FROM quotas q WHERE q.tenant = NEW.tenant;
        IF most IS NULL THEN RETURN NULL; END IF;
        PERFORM pg_advisory_xact_lock(7023, NEW.tenant);
        SELECT count(*) INTO found FROM worker_sessions s WHERE s.tenant = NEW.tenant AND s.leased_until > now();
        IF found > most THEN RAISE EXCEPTION '% of %', found, most USING ERRCODE = 'BLQ05'; END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER workflows_quota AFTER INSERT ON workflows FOR EACH ROW EXECUTE FUNCTION refuse_over_quota();
CREATE TRIGGER worker_sessions_quota AFTER INSERT ON worker_sessions FOR EACH ROW EXECUTE FUNCTION refuse_over_quota();

SELECT isolate_tenants();
