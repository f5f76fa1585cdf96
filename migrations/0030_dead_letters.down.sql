ALTER TABLE runs DROP COLUMN origin;
DROP TABLE dead_letters;
