-- What a queue is set to. A queue that a workflow names exists by being named, with these defaults.
ALTER TABLE queues
    ADD COLUMN discipline int2 NOT NULL DEFAULT 1 CHECK (discipline BETWEEN 1 AND 4),
    -- Of the discipline by priority: how long a wait is worth one priority, in µs.
    ADD COLUMN boost int8 NOT NULL DEFAULT 60000000 CHECK (boost > 0),
    ADD COLUMN weight int4 NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 1000000),
    ADD COLUMN strict boolean NOT NULL DEFAULT false,
    -- Attempts that run at once at most.
    ADD COLUMN concurrency int4 CHECK (concurrency >= 0),
    ADD COLUMN draining boolean NOT NULL DEFAULT false,
    -- Someone has set it up; else it only exists because a workflow names it.
    ADD COLUMN declared boolean NOT NULL DEFAULT false,
    -- Its settings are forgotten; a step that comes to it later is served all the same.
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN version int8 NOT NULL DEFAULT 1,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now(),
    -- When its order was changed, until every token that waits in it has its new rank.
    ADD COLUMN reordered_at timestamptz,
    -- Claims of such a queue take its row's lock first; the others pass it over.
    ADD COLUMN guarded boolean GENERATED ALWAYS AS (strict OR concurrency IS NOT NULL) STORED;
CREATE INDEX queues_reordered ON queues (reordered_at) WHERE reordered_at IS NOT NULL;

-- Attempts of guarded queues, for counting: no other attempt is in the index.
ALTER TABLE attempts ADD COLUMN guarded boolean NOT NULL DEFAULT false;
CREATE INDEX attempts_guarded ON attempts (queue) WHERE guarded;

ALTER TABLE tenants ADD COLUMN weight int4 NOT NULL DEFAULT 100 CHECK (weight BETWEEN 1 AND 1000000);

-- What the steps of a run are ranked by, where the request said it; else the definition does.
ALTER TABLE runs ADD COLUMN priority int4, ADD COLUMN deadline timestamptz;

-- Queues whose settings this transaction has changed.
ALTER TABLE events ADD COLUMN queues int4[];
