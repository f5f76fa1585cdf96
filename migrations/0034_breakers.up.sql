-- Circuit breakers. Kind: 1 of a task type, set up by people; 2 of a target, stated by definitions. Phase: 1 closed, 2 open,
-- 3 half-open. The row is the lock: whoever counts, probes or changes takes it first. The id is a digest of tenant, kind
-- and name; of a target it is also the id of the limit in whose line its steps wait, whose slots the breaker sets.
CREATE TABLE breakers (
    revision int8 NOT NULL DEFAULT 1,
    -- The version whose terms count.
    flow int8 NOT NULL DEFAULT 0,
    -- In µs.
    window_span int8 NOT NULL CHECK (window_span > 0),
    pause_span int8 NOT NULL CHECK (pause_span > 0),
    trips int8 NOT NULL DEFAULT 0,
    -- The number of the newest slice of the window.
    slice int8 NOT NULL DEFAULT 0,
    ratio float8 CHECK (ratio > 0 AND ratio <= 1),
    changed_at timestamptz NOT NULL DEFAULT now(),
    -- Of an open one; null: until somebody resets it.
    open_until timestamptz,
    used_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    failures int4 NOT NULL CHECK (failures > 0),
    probes int4 NOT NULL CHECK (probes > 0),
    -- Probes that have succeeded since it is half-open.
    passed int4 NOT NULL DEFAULT 0,
    kind int2 NOT NULL CHECK (kind BETWEEN 1 AND 2),
    phase int2 NOT NULL DEFAULT 1 CHECK (phase BETWEEN 1 AND 3),
    id uuid NOT NULL,
    name text NOT NULL,
    -- Failures, then successes, of each slice of the window.
    counts int4[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant, id)
) WITH (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX breakers_type ON breakers (tenant, name) WHERE kind = 1;
CREATE INDEX breakers_due ON breakers (open_until) WHERE phase = 2;
CREATE INDEX breakers_unclosed ON breakers (kind) WHERE phase <> 1;

-- Some task type of the queue's tenant has a breaker that is not closed: claims and leases at once ask for their route.
ALTER TABLE queues ADD COLUMN shut boolean NOT NULL DEFAULT false;

-- Whether the breaker of a route's task type is not closed. Asked only for queues that are `shut`.
CREATE FUNCTION route_is_shut(of_tenant int4, of_route int4) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM routes o JOIN breakers k ON k.tenant = of_tenant AND k.name = o.task_type
        WHERE o.id = of_route AND k.kind = 1 AND k.phase <> 1);
END
$$;

-- Sets `shut` of a tenant's queues, and tells all nodes of it.
CREATE FUNCTION shut_queues(of_tenant int4) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    is_shut boolean := EXISTS (SELECT FROM breakers WHERE tenant = of_tenant AND kind = 1 AND phase <> 1);
BEGIN
    UPDATE queues SET shut = is_shut WHERE tenant = of_tenant AND shut <> is_shut;
    INSERT INTO events (tenant, wakes, payload, queues)
    SELECT of_tenant, '{}', '[]', array_agg(id) FROM queues WHERE tenant = of_tenant
    ON CONFLICT (xid, tenant) DO UPDATE SET queues = excluded.queues;
END
$$;

-- The slots of a target's limit are its breaker's: when that opens, those who have one keep it.
CREATE OR REPLACE FUNCTION limit_audit() RETURNS TABLE (violation text, tenant int4, run uuid, step int4)
LANGUAGE sql STABLE AS $$
    SELECT 'limit has more holders than slots when it was never lowered', l.tenant, '00000000-0000-0000-0000-000000000000'::uuid, NULL::int4
    FROM limits l
    WHERE l.level <> 6
        AND l.slots < (SELECT count(*) FROM limit_slots s WHERE s.tenant = l.tenant AND s.limit_id = l.id)
    UNION ALL
    SELECT 'token waits although a slot is free', h.tenant, h.run, h.step
    FROM held h JOIN limits l ON l.tenant = h.tenant AND l.id = h.limit_id
    WHERE l.slots > (SELECT count(*) FROM limit_slots s WHERE s.tenant = l.tenant AND s.limit_id = l.id)
    UNION ALL
    SELECT 'token waits for a limit that is not there', h.tenant, h.run, h.step
    FROM held h
    WHERE coalesce(h.limit_id, h.parked_limit) IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM limits l WHERE l.tenant = h.tenant AND l.id = coalesce(h.limit_id, h.parked_limit))
    UNION ALL
    SELECT 'slot of a step that is neither ready nor leased nor parked', s.tenant, s.run, s.step
    FROM limit_slots s WHERE s.step >= 0
        AND NOT EXISTS (SELECT FROM ready t WHERE t.tenant = s.tenant AND t.run = s.run AND t.step = s.step)
        AND NOT EXISTS (SELECT FROM attempts t WHERE t.tenant = s.tenant AND t.run = s.run AND t.step = s.step)
        AND NOT EXISTS (
            SELECT FROM held t
            WHERE t.tenant = s.tenant AND t.run = s.run AND t.step = s.step AND t.reason = 'paused'
                AND t.parked_limit IS NULL)
    UNION ALL
    SELECT 'slot of an ended run', s.tenant, s.run, s.step
    FROM limit_slots s LEFT JOIN runs r ON r.tenant = s.tenant AND r.run = s.run
    WHERE r.run IS NULL OR r.ended_at IS NOT NULL
    UNION ALL
    SELECT 'a queue does not know that a breaker of its tenant is not closed', q.tenant,
        '00000000-0000-0000-0000-000000000000'::uuid, NULL::int4
    FROM queues q WHERE NOT q.shut
        AND EXISTS (SELECT FROM breakers k WHERE k.tenant = q.tenant AND k.kind = 1 AND k.phase <> 1)
    UNION ALL
    SELECT 'the slots of a target are not those of its breaker', k.tenant,
        '00000000-0000-0000-0000-000000000000'::uuid, NULL::int4
    FROM breakers k JOIN limits l ON l.tenant = k.tenant AND l.id = k.id
    WHERE k.kind = 2 AND l.slots <> CASE k.phase WHEN 1 THEN 2147483647 WHEN 2 THEN 0 ELSE k.probes END
$$;

-- Where the policies of tenants are there already, as in a database that is migrated out of order.
DO $$
BEGIN
    IF to_regproc('isolate_tenants') IS NOT NULL THEN
        PERFORM isolate_tenants();
    END IF;
END $$;
