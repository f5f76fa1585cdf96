DROP TABLE nodes;
DROP TABLE worker_sessions;
