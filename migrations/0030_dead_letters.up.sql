-- Steps that have failed for good, written by the commits that record the failures. A letter is named by its run and the
-- revision of the failure's line in `steps`; the attempts stand there.
CREATE TABLE dead_letters (
    at timestamptz NOT NULL DEFAULT now(),
    enqueued_at timestamptz,
    leased_at timestamptz,
    started_at timestamptz,
    -- When its run was reopened.
    redriven_at timestamptz,
    revision int8 NOT NULL,
    flow int8 NOT NULL,
    tenant int4 NOT NULL,
    step int4 NOT NULL,
    attempt int4 NOT NULL,
    -- How often its run had been reopened before.
    generation int4 NOT NULL,
    run uuid NOT NULL,
    is_child boolean NOT NULL,
    name text NOT NULL,
    failure text NOT NULL,
    input text,
    worker text,
    redriven_by text,
    PRIMARY KEY (tenant, run, revision)
);
CREATE INDEX dead_letters_newest ON dead_letters (tenant, at, run, revision);

-- The run that a run repeats; null where it repeats none. Written once, with the run.
ALTER TABLE runs ADD COLUMN origin uuid;

-- Where row-level security came first (migration 0046), the table has none yet.
DO $$
BEGIN
    IF to_regprocedure('isolate_tenants()') IS NOT NULL THEN
        PERFORM isolate_tenants();
    END IF;
END $$;
