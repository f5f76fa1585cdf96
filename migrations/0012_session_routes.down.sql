ALTER TABLE worker_sessions DROP COLUMN routes;
