-- Every violation of the rules of tokens that can be seen without a run's plan; no rows is well.
CREATE FUNCTION token_audit() RETURNS TABLE (violation text, tenant int4, run uuid, step int4)
LANGUAGE sql STABLE AS $$
    WITH tokens AS (
        SELECT t.tenant, t.run, t.step, t.attempt + 1 AS next FROM ready t
        UNION ALL SELECT t.tenant, t.run, t.step, t.attempt FROM attempts t
        UNION ALL SELECT t.tenant, t.run, t.step, t.attempt + 1 FROM timers t WHERE t.step >= 0
        UNION ALL SELECT t.tenant, t.run, t.step, t.attempt + 1 FROM held t
        UNION ALL SELECT t.tenant, t.run, t.step, t.attempt + 1 FROM waits t
    )
    SELECT 'step has more than one token', t.tenant, t.run, t.step
    FROM tokens t GROUP BY t.tenant, t.run, t.step HAVING count(*) > 1
    UNION ALL
    SELECT CASE WHEN r.run IS NULL THEN 'token of no run' ELSE 'token of an ended run' END, t.tenant, t.run, t.step
    FROM tokens t LEFT JOIN runs r ON r.tenant = t.tenant AND r.run = t.run
    WHERE r.run IS NULL OR r.ended_at IS NOT NULL
    UNION ALL
    SELECT 'attempt number used before', t.tenant, t.run, t.step
    FROM tokens t
    WHERE EXISTS (
            SELECT FROM steps s
            WHERE s.tenant = t.tenant AND s.run = t.run AND s.step = t.step AND s.attempt >= t.next AND s.attempt > 0)
        OR EXISTS (
            SELECT FROM lost_attempts l
            WHERE l.tenant = t.tenant AND l.run = t.run AND l.step = t.step AND l.attempt >= t.next)
    UNION ALL
    SELECT 'deadline of an ended run', d.tenant, d.run, d.step
    FROM timers d LEFT JOIN runs r ON r.tenant = d.tenant AND r.run = d.run
    WHERE d.step < 0 AND (r.run IS NULL OR r.ended_at IS NOT NULL)
    UNION ALL
    SELECT 'ended run is missing from run_index', r.tenant, r.run, NULL
    FROM runs r WHERE r.ended_at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM run_index i WHERE i.tenant = r.tenant AND i.state = r.state AND i.run = r.run)
    UNION ALL
    SELECT 'run without a token', r.tenant, r.run, NULL
    FROM runs r WHERE r.ended_at IS NULL
        AND NOT EXISTS (SELECT FROM tokens t WHERE t.tenant = r.tenant AND t.run = r.run)
$$;
