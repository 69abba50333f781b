-- Each organisation's environments and secrets, without any value. A projection: see V1__projection.sql.
--
-- Whether a version's window is over, or a new value is due, is a matter of time: the list says so when it is read.

CREATE TABLE environment (
    tenant text NOT NULL,
    environment text COLLATE "C" NOT NULL,
    production boolean NOT NULL,
    readers text[] NOT NULL,
    writers text[] NOT NULL,
    PRIMARY KEY (tenant, environment)
);

CREATE TABLE secret (
    tenant text NOT NULL,
    -- with its environment's name in front
    secret text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    readers text[] NOT NULL DEFAULT '{}',
    -- null: no schedule was ever set
    owner uuid,
    every_days integer NOT NULL DEFAULT 0,
    window_hours integer NOT NULL DEFAULT 0,
    generated boolean NOT NULL DEFAULT false,
    -- its newest version, or, before the first, the schedule
    since_micros bigint NOT NULL,
    PRIMARY KEY (tenant, environment, secret)
);

CREATE TABLE version (
    tenant text NOT NULL,
    secret text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    -- chancery.vault.v1.SecretVersionState; never ENDED
    state integer NOT NULL,
    written_micros bigint NOT NULL,
    -- 0: no end is known
    until_micros bigint NOT NULL DEFAULT 0,
    last_read_micros bigint NOT NULL DEFAULT 0,
    reads bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, secret, version)
);

SELECT projection.make('vault', views => '{environment, secret, version}');
