-- Which routes a worker session serves: so that a step can say that nobody serves its own.
ALTER TABLE worker_sessions ADD COLUMN routes int4[] NOT NULL DEFAULT '{}';
