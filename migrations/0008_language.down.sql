ALTER TABLE runs DROP COLUMN parent, DROP COLUMN parent_step, DROP COLUMN depth;
