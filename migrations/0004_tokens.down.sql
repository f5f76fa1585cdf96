DROP FUNCTION refuse_stale_fences();
DROP TABLE inbox;
DROP TABLE waits;
DROP TABLE held;
DROP TABLE timers;
DROP TABLE attempts;
DROP TABLE ready;
