DROP INDEX held_next_limit;
DROP INDEX held_due;
ALTER TABLE held DROP COLUMN next_limit, DROP COLUMN pacing_id, DROP COLUMN due;
DROP TABLE debounces;
DROP TABLE throttles;
