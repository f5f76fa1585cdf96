DROP FUNCTION limit_audit();
ALTER TABLE timers DROP COLUMN limit_id;
DROP INDEX held_line;
ALTER TABLE held DROP COLUMN limit_id;
DROP TABLE limit_slots;
DROP TABLE limits;
