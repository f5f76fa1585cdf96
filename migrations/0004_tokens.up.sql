-- A step that is neither pending nor finished has exactly one row in one of ready, attempts, timers, held and waits.
-- Rows are inserted and deleted, never updated; a token moves by DELETE … RETURNING → INSERT in one statement.

CREATE TABLE ready (
    rank int8 NOT NULL,
    enqueued_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    queue int4 NOT NULL,
    route int4 NOT NULL,
    step int4 NOT NULL,
    -- The last attempt number used: a claim takes the next.
    attempt int4 NOT NULL,
    losses int2 NOT NULL,
    run uuid NOT NULL,
    PRIMARY KEY (tenant, run, step)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
-- A queue belongs to one tenant, so the tenant need not stand here. The two indexes share no leading part: else the
-- planner may take one for the other while the table is nearly empty.
CREATE INDEX ready_claim ON ready (queue, route, rank, step);

CREATE TABLE attempts (
    rank int8 NOT NULL,
    enqueued_at timestamptz NOT NULL,
    leased_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    queue int4 NOT NULL,
    route int4 NOT NULL,
    step int4 NOT NULL,
    attempt int4 NOT NULL,
    losses int2 NOT NULL,
    run uuid NOT NULL,
    session uuid NOT NULL,
    PRIMARY KEY (tenant, run, step)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
CREATE INDEX attempts_session ON attempts (session);

-- Tokens that become ready when due; the row with step -1 and queue 0 is the run's deadline.
CREATE TABLE timers (
    due timestamptz NOT NULL,
    rank int8 NOT NULL,
    tenant int4 NOT NULL,
    queue int4 NOT NULL,
    route int4 NOT NULL,
    step int4 NOT NULL,
    attempt int4 NOT NULL,
    losses int2 NOT NULL,
    run uuid NOT NULL,
    PRIMARY KEY (tenant, run, step)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000);
-- A deadline is of no queue. The predicates name what no probe by key names, else a probe might take these indexes.
CREATE INDEX timers_due ON timers (due) WHERE queue <> 0;
CREATE INDEX timers_deadline ON timers (due) WHERE queue = 0;

-- Steps that a limit, breaker or quota stops, with the reason.
CREATE TABLE held (
    rank int8 NOT NULL,
    enqueued_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    queue int4 NOT NULL,
    route int4 NOT NULL,
    step int4 NOT NULL,
    attempt int4 NOT NULL,
    losses int2 NOT NULL,
    run uuid NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (tenant, run, step)
);

-- Steps that wait for something outside: an approval, a signal, a child run.
CREATE TABLE waits (
    since timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    step int4 NOT NULL,
    attempt int4 NOT NULL,
    kind int2 NOT NULL,
    run uuid NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (tenant, run, step)
);

-- Durable messages to runs, deleted by the commit that applies them.
CREATE TABLE inbox (
    posted_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    kind int2 NOT NULL,
    run uuid NOT NULL,
    id uuid NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (tenant, run, id)
);
CREATE INDEX inbox_posted ON inbox (posted_at);

-- Raised inside a commit whose finishes are not all leased to the sessions that sent them: nothing of it is written.
CREATE FUNCTION refuse_stale_fences() RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an attempt of this commit is no longer leased to its session' USING ERRCODE = 'BL001';
END
$$;
