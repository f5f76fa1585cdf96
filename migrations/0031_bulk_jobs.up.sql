-- Things that are done to many runs, one after the other. A node works on a job while its lease lasts; how far it has come
-- is `dealt_with`, because the runs are dealt with in the order of their numbers.
CREATE TABLE bulk_jobs (
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The next runs are not due before this.
    next_at timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    ended_at timestamptz,
    tenant int4 NOT NULL REFERENCES tenants,
    rate int4 CHECK (rate > 0),
    most_replays int4 NOT NULL,
    total int4 NOT NULL,
    dealt_with int4 NOT NULL DEFAULT 0,
    unchanged int4 NOT NULL DEFAULT 0,
    failed int4 NOT NULL DEFAULT 0,
    action int2 NOT NULL,
    -- 1 running, 2 done, 3 cancelled.
    state int2 NOT NULL,
    id uuid NOT NULL,
    node uuid,
    filter text NOT NULL,
    reason text,
    asked_by text NOT NULL,
    cancelled_by text,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX bulk_jobs_due ON bulk_jobs (next_at) WHERE state = 1;

-- The runs of a job, fixed when it was made.
CREATE TABLE bulk_items (
    tenant int4 NOT NULL,
    number int4 NOT NULL,
    generation int4 NOT NULL,
    outcome int2,
    job uuid NOT NULL,
    run uuid NOT NULL,
    new_run uuid,
    detail text,
    PRIMARY KEY (tenant, job, number)
);

-- Where row-level security came first (migration 0046), the tables have none yet.
DO $$
BEGIN
    IF to_regprocedure('isolate_tenants()') IS NOT NULL THEN
        PERFORM isolate_tenants();
    END IF;
END $$;
