-- A step may need slots of two limits at once: that of its key, and that of its target, whose slots a breaker sets. It gets
-- both or none, and waits in the line of one that is full. `joint_limit` names the other one.
-- The second slot of a step is `joint`. (Were the limit in the key, a count of its slots might be sought there.)
ALTER TABLE limit_slots ADD COLUMN joint boolean NOT NULL DEFAULT false;
ALTER TABLE limit_slots DROP CONSTRAINT limit_slots_pkey, ADD PRIMARY KEY (tenant, run, step, joint);
ALTER TABLE held ADD COLUMN joint_limit uuid;
CREATE INDEX held_joint ON held (joint_limit) WHERE joint_limit IS NOT NULL;
ALTER TABLE timers ADD COLUMN joint_limit uuid;
CREATE INDEX timers_joint ON timers (joint_limit) WHERE joint_limit IS NOT NULL;

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
    SELECT 'token waits for a limit besides that is not there', h.tenant, h.run, h.step
    FROM held h
    WHERE h.joint_limit IS NOT NULL
        AND NOT EXISTS (SELECT FROM limits l WHERE l.tenant = h.tenant AND l.id = h.joint_limit)
    UNION ALL
    SELECT 'a step has slots of more than one limit and one target', s.tenant, s.run, s.step
    FROM limit_slots s JOIN limits l ON l.tenant = s.tenant AND l.id = s.limit_id
    GROUP BY s.tenant, s.run, s.step, l.level = 6 HAVING count(*) > 1
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
