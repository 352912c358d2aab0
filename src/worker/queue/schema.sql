-- What people see of a job, and what the policy needs to know. The same text for every engine:
-- numbers are BIGINT, times are milliseconds since 1970 by the database's clock, flags are 0 or 1.
CREATE TABLE IF NOT EXISTS domreel_jobs (
    id TEXT PRIMARY KEY,
    idempotency_key TEXT UNIQUE,
    label TEXT NOT NULL,
    state TEXT NOT NULL,
    spec TEXT NOT NULL,
    priority BIGINT NOT NULL,
    -- The queue's entry that stands for this job now; any other entry for it is stale.
    delivery TEXT NOT NULL,
    -- How often it was given to a worker. Whoever acts for an older number is turned away.
    run BIGINT NOT NULL DEFAULT 0,
    -- Whether the present run has begun to work.
    begun BIGINT NOT NULL DEFAULT 0,
    -- Counts the present run's signs of life.
    beat BIGINT NOT NULL DEFAULT 0,
    cancel BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    crashes BIGINT NOT NULL DEFAULT 0,
    worker TEXT,
    phase TEXT,
    frames BIGINT NOT NULL DEFAULT 0,
    -- Thousandths.
    progress BIGINT NOT NULL DEFAULT 0,
    failure TEXT,
    manifest TEXT,
    from_store BIGINT NOT NULL DEFAULT 0,
    created_ms BIGINT NOT NULL,
    run_at_ms BIGINT NOT NULL,
    started_ms BIGINT,
    finished_ms BIGINT,
    revision BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS domreel_jobs_state ON domreel_jobs (state, run_at_ms);
