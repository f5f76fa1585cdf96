-- Limits of keys (workflow, key): at most so many runs, or steps, have a slot. Level: 1 run, 2 step. The id is a digest
-- of tenant, level and name. The row is the lock: arrivals, ends and changes take it first, in the order of ids, in a statement
-- of their own; the next statement counts and moves.
CREATE TABLE limits (
    flow int8 NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    slots int4 NOT NULL CHECK (slots >= 0),
    level int2 NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 70);

-- Who has a slot: a step (ready or leased), or with step -1 a run that has not ended.
CREATE TABLE limit_slots (
    taken_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    step int4 NOT NULL,
    run uuid NOT NULL,
    limit_id uuid NOT NULL,
    PRIMARY KEY (tenant, run, step)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX limit_slots_limit ON limit_slots (limit_id);

-- The limit for whose slot a token waits. A run that was let in keeps its token, without a limit, until it starts.
ALTER TABLE held ADD COLUMN limit_id uuid;
CREATE INDEX held_line ON held (limit_id, tenant, rank, step) WHERE limit_id IS NOT NULL;
-- The limit whose slot the token needs when it is due.
ALTER TABLE timers ADD COLUMN limit_id uuid;

-- What the limits' rules are violated by; no rows is well.
CREATE FUNCTION limit_audit() RETURNS TABLE (violation text, tenant int4, run uuid, step int4)
LANGUAGE sql STABLE AS $$
    SELECT 'limit has more holders than slots when it was never lowered', l.tenant, '00000000-0000-0000-0000-000000000000'::uuid, NULL::int4
    FROM limits l
    WHERE l.slots < (SELECT count(*) FROM limit_slots s WHERE s.tenant = l.tenant AND s.limit_id = l.id)
    UNION ALL
    SELECT 'token waits although a slot is free', h.tenant, h.run, h.step
    FROM held h JOIN limits l ON l.tenant = h.tenant AND l.id = h.limit_id
    WHERE l.slots > (SELECT count(*) FROM limit_slots s WHERE s.tenant = l.tenant AND s.limit_id = l.id)
    UNION ALL
    SELECT 'token waits for a limit that is not there', h.tenant, h.run, h.step
    FROM held h
    WHERE h.limit_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM limits l WHERE l.tenant = h.tenant AND l.id = h.limit_id)
    UNION ALL
    SELECT 'slot of a step that is neither ready nor leased', s.tenant, s.run, s.step
    FROM limit_slots s WHERE s.step >= 0
        AND NOT EXISTS (SELECT FROM ready t WHERE t.tenant = s.tenant AND t.run = s.run AND t.step = s.step)
        AND NOT EXISTS (SELECT FROM attempts t WHERE t.tenant = s.tenant AND t.run = s.run AND t.step = s.step)
    UNION ALL
    SELECT 'slot of an ended run', s.tenant, s.run, s.step
    FROM limit_slots s LEFT JOIN runs r ON r.tenant = s.tenant AND r.run = s.run
    WHERE r.run IS NULL OR r.ended_at IS NOT NULL
$$;
