-- Steps that wait for targets go on without a breaker.
UPDATE limits SET slots = 2147483647 WHERE level = 6;
DROP FUNCTION shut_queues(int4);
DROP FUNCTION route_is_shut(int4, int4);
ALTER TABLE queues DROP COLUMN shut;
DROP TABLE breakers;
CREATE OR REPLACE FUNCTION limit_audit() RETURNS TABLE (violation text, tenant int4, run uuid, step int4)
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
$$;
