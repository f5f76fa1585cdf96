ALTER TABLE events DROP COLUMN queues;
ALTER TABLE runs DROP COLUMN priority, DROP COLUMN deadline;
ALTER TABLE tenants DROP COLUMN weight;
DROP INDEX attempts_guarded;
ALTER TABLE attempts DROP COLUMN guarded;
DROP INDEX queues_reordered;
ALTER TABLE queues
    DROP COLUMN guarded,
    DROP COLUMN discipline, DROP COLUMN boost, DROP COLUMN weight, DROP COLUMN strict, DROP COLUMN concurrency,
    DROP COLUMN draining, DROP COLUMN declared, DROP COLUMN deleted_at, DROP COLUMN version, DROP COLUMN updated_at,
    DROP COLUMN reordered_at;
