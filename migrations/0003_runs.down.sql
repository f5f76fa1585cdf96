DROP FUNCTION make_partitions(int);
DROP FUNCTION day_bound(date);
DROP TABLE logs;
DROP TABLE payloads;
DROP TABLE lost_attempts;
DROP TABLE steps;
DROP TABLE run_index;
DROP TABLE runs;
