ALTER TABLE timers DROP COLUMN rate_id;
DROP TABLE rates;
