DROP TABLE routes;
DROP TABLE queues;
DROP TABLE tenants;
DROP TABLE cluster;
