-- Workflows that were removed (migration 0038) do not count, and one that comes back does.
CREATE OR REPLACE FUNCTION refuse_over_quota() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    most int4;
    found int8;
BEGIN
    IF TG_TABLE_NAME = 'workflows' THEN
        SELECT q.definitions INTO most FROM quotas q WHERE q.tenant = NEW.tenant;
        IF most IS NULL THEN RETURN NULL; END IF;
        PERFORM pg_advisory_xact_lock(7022, NEW.tenant);
        SELECT count(*) INTO found FROM workflows w WHERE w.tenant = NEW.tenant AND w.removed_at IS NULL;
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
CREATE TRIGGER workflows_quota_back AFTER UPDATE OF removed_at ON workflows
    FOR EACH ROW WHEN (OLD.removed_at IS NOT NULL AND NEW.removed_at IS NULL) EXECUTE FUNCTION refuse_over_quota();
