-- Run ids are UUIDv7, so a day's runs are a range of ids: what grows with runs is partitioned by that day and leaves
-- by dropping partitions. There are no foreign keys between these tables: they are written by set-based commits that
-- hold to the rules themselves, and token_audit() checks them.

-- One row for each run. No column that changes is in an index, and pages are filled to 45 %: updates stay HOT.
CREATE TABLE runs (
    revision int8 NOT NULL,
    flow int8 NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    tenant int4 NOT NULL,
    input_bytes int4 NOT NULL,
    output_bytes int4,
    state int2 NOT NULL,
    run uuid NOT NULL,
    -- JSON text up to 512 bytes; a longer one is in payloads, and this is null.
    input text,
    output text,
    failure text,
    traceparent text,
    labels text,
    PRIMARY KEY (tenant, run)
) PARTITION BY RANGE (run);

-- Runs that have ended, by state: written once, at the end. Runs that have not are those that have tokens.
CREATE TABLE run_index (
    flow int8 NOT NULL,
    ended_at timestamptz NOT NULL,
    tenant int4 NOT NULL,
    state int2 NOT NULL,
    run uuid NOT NULL,
    PRIMARY KEY (tenant, state, run)
) PARTITION BY RANGE (run);

-- The append-only history that a run's state is the fold of.
CREATE TABLE steps (
    revision int8 NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    enqueued_at timestamptz,
    leased_at timestamptz,
    started_at timestamptz,
    retry_at timestamptz,
    tenant int4 NOT NULL,
    step int4 NOT NULL,
    attempt int4 NOT NULL,
    output_bytes int4,
    state int2 NOT NULL,
    run uuid NOT NULL,
    session uuid,
    worker text,
    -- JSON text up to 4 KiB; a longer one is in payloads, and this is null.
    output text,
    failure text,
    PRIMARY KEY (tenant, run, revision, step, attempt)
) PARTITION BY RANGE (run);

-- Attempts whose worker was lost: part of the history, not of the fold, because a token that moves leaves its run alone.
CREATE TABLE lost_attempts (
    lost_at timestamptz NOT NULL DEFAULT now(),
    enqueued_at timestamptz NOT NULL,
    leased_at timestamptz NOT NULL,
    tenant int4 NOT NULL,
    step int4 NOT NULL,
    attempt int4 NOT NULL,
    run uuid NOT NULL,
    session uuid NOT NULL,
    worker text,
    PRIMARY KEY (tenant, run, step, attempt)
) PARTITION BY RANGE (run);

-- Inputs and outputs too long for the row that they belong to. Kind: 1 run input, 2 run output, 3 step output.
CREATE TABLE payloads (
    revision int8 NOT NULL,
    tenant int4 NOT NULL,
    step int4 NOT NULL,
    kind int2 NOT NULL,
    run uuid NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (tenant, run, kind, step, revision)
) PARTITION BY RANGE (run);

-- What attempts wrote. The sequence is the worker's, so that a chunk sent again is stored once.
CREATE TABLE logs (
    sequence int8 NOT NULL,
    at timestamptz NOT NULL,
    tenant int4 NOT NULL,
    step int4 NOT NULL,
    attempt int4 NOT NULL,
    stream int2 NOT NULL,
    run uuid NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (tenant, run, step, attempt, sequence)
) PARTITION BY RANGE (run);

-- A partition for the ids that no day's partition takes.
CREATE TABLE runs_default PARTITION OF runs DEFAULT WITH (fillfactor = 45);
CREATE TABLE run_index_default PARTITION OF run_index DEFAULT;
CREATE TABLE steps_default PARTITION OF steps DEFAULT;
CREATE TABLE lost_attempts_default PARTITION OF lost_attempts DEFAULT;
CREATE TABLE payloads_default PARTITION OF payloads DEFAULT;
CREATE TABLE logs_default PARTITION OF logs DEFAULT;

-- The smallest run id that the first millisecond of a day (UTC) can have.
CREATE FUNCTION day_bound(day date) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM day)::int8 * 1000)), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes the partitions of today and of so many days ahead, moving strays out of the default partitions; answers the
-- number of partitions made.
CREATE FUNCTION make_partitions(days_ahead int) RETURNS int
LANGUAGE plpgsql AS $$
DECLARE
    made int := 0;
    today date := (now() AT TIME ZONE 'UTC')::date;
    day date;
    parent text;
    part text;
    options text;
BEGIN
    -- Two nodes may call this at once.
    PERFORM pg_advisory_xact_lock(7021, 1);
    FOR day IN SELECT today + n FROM generate_series(0, days_ahead) n LOOP
        FOREACH parent IN ARRAY ARRAY['runs', 'run_index', 'steps', 'lost_attempts', 'payloads', 'logs'] LOOP
            part := format('%s_%s', parent, to_char(day, 'YYYYMMDD'));
            IF to_regclass(part) IS NOT NULL THEN
                CONTINUE;
            END IF;
            options := CASE parent
                WHEN 'runs' THEN
                    'WITH (fillfactor = 45, autovacuum_vacuum_cost_delay = 0)'
                ELSE 'WITH (autovacuum_vacuum_cost_delay = 0)' END;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) %s', part, parent, options);
            EXECUTE format(
                'WITH stray AS (DELETE FROM %I WHERE run >= %L AND run < %L RETURNING *) INSERT INTO %I SELECT * FROM stray',
                parent || '_default', day_bound(day), day_bound(day + 1), part);
            EXECUTE format(
                'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                parent, part, day_bound(day), day_bound(day + 1));
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

SELECT make_partitions(3);
