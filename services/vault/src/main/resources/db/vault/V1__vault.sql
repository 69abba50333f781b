-- Each organisation's environments, secrets, databases and leases, without any value. A projection: see V1__projection.sql.
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
    -- chancery.vault.v1.SecretClass
    secret_class integer NOT NULL DEFAULT 0,
    -- chancery.vault.v1.SecretRotator; empty: none
    rotator bytea NOT NULL DEFAULT '',
    -- its newest version, or, before the first, the schedule
    since_micros bigint NOT NULL,
    -- when its value, which ends by itself, needs another; 0: it does not end
    renew_micros bigint NOT NULL DEFAULT 0,
    -- null: it needs none
    due_micros bigint GENERATED ALWAYS AS
        (least(nullif(since_micros + every_days * 86400000000, since_micros), nullif(renew_micros, 0))) STORED,
    PRIMARY KEY (tenant, environment, secret)
);
CREATE INDEX secret_due ON secret (due_micros) WHERE generated;

CREATE TABLE version (
    tenant text NOT NULL,
    secret text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    -- chancery.vault.v1.SecretVersionState; never ENDED
    state integer NOT NULL,
    -- 0: not yet
    written_micros bigint NOT NULL,
    -- 0: no end is known
    until_micros bigint NOT NULL DEFAULT 0,
    last_read_micros bigint NOT NULL DEFAULT 0,
    reads bigint NOT NULL DEFAULT 0,
    -- its rotator made it, or is to make it
    issued boolean NOT NULL DEFAULT false,
    -- when its rotator had taken it back; 0: not yet
    withdrawn_micros bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, secret, version)
);
CREATE INDEX version_at_issuer ON version (state) WHERE issued AND withdrawn_micros = 0;

CREATE TABLE target (
    tenant text NOT NULL,
    -- with its environment's name in front
    database text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    host text NOT NULL,
    port integer NOT NULL,
    database_name text NOT NULL,
    admin_name text NOT NULL,
    admin_secret text NOT NULL,
    workspace uuid NOT NULL,
    PRIMARY KEY (tenant, database)
);

CREATE TABLE template (
    tenant text NOT NULL,
    secret text COLLATE "C" NOT NULL,
    database text COLLATE "C" NOT NULL,
    granted_roles text[] NOT NULL,
    readers text[] NOT NULL,
    ttl_seconds integer NOT NULL,
    max_ttl_seconds integer NOT NULL,
    connections integer NOT NULL,
    PRIMARY KEY (tenant, secret)
);
CREATE INDEX template_of ON template (tenant, database, secret);

CREATE TABLE lease (
    tenant text NOT NULL,
    lease uuid NOT NULL,
    environment text COLLATE "C" NOT NULL,
    secret text NOT NULL,
    database text NOT NULL,
    role_name text NOT NULL,
    holder uuid NOT NULL,
    issued_micros bigint NOT NULL,
    until_micros bigint NOT NULL,
    -- 0: not yet
    ended_micros bigint NOT NULL DEFAULT 0,
    -- chancery.vault.v1.LeaseEnd
    cause integer NOT NULL DEFAULT 0,
    dropped_micros bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, lease)
);
CREATE INDEX lease_newest ON lease (tenant, environment, lease);

-- Leases whose role is there, or may be.
CREATE TABLE open_lease (
    tenant text NOT NULL,
    lease uuid NOT NULL,
    database text COLLATE "C" NOT NULL,
    -- Unix time in microseconds from which on its role is to be dropped; 0: now
    due_micros bigint NOT NULL,
    PRIMARY KEY (tenant, lease)
);
CREATE INDEX open_lease_due ON open_lease (due_micros);
CREATE INDEX open_lease_of ON open_lease (tenant, database, due_micros);

-- Who was given a version.
CREATE TABLE reader (
    tenant text NOT NULL,
    secret text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    reader uuid NOT NULL,
    person boolean NOT NULL,
    first_micros bigint NOT NULL,
    last_micros bigint NOT NULL,
    reads bigint NOT NULL,
    PRIMARY KEY (tenant, secret, version, reader)
);

CREATE TABLE leak (
    tenant text NOT NULL,
    incident uuid NOT NULL,
    environment text COLLATE "C" NOT NULL,
    secret text COLLATE "C" NOT NULL,
    -- it and all before; 0: credentials
    version integer NOT NULL,
    -- chancery.vault.v1.LeakChannel, LeakSeverity
    channel integer NOT NULL,
    severity integer NOT NULL,
    reporter uuid NOT NULL,
    -- 0: not known
    first_exposed_micros bigint NOT NULL,
    reported_micros bigint NOT NULL,
    respond_by_micros bigint NOT NULL,
    -- when there was a new value; 0: there is none
    answered_micros bigint NOT NULL,
    PRIMARY KEY (tenant, incident)
);
CREATE INDEX leak_newest ON leak (tenant, environment, incident);
CREATE INDEX leak_unanswered ON leak (tenant, secret) WHERE answered_micros = 0;

-- Secrets, and credentials by their template's name, that end with a connector's connection.
CREATE TABLE binding (
    tenant text NOT NULL,
    secret text COLLATE "C" NOT NULL,
    workspace uuid NOT NULL,
    connector text NOT NULL,
    -- it is to be destroyed
    disconnected boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, secret)
);
CREATE INDEX binding_of ON binding (tenant, workspace, connector);
CREATE INDEX binding_disconnected ON binding (tenant, secret) WHERE disconnected;

SELECT projection.make('vault', views => '{environment, secret, version, target, template, lease, open_lease, reader, leak, binding}');

-- What ends leases and bound secrets looks in every organisation: for names, ids and times. What turns secrets, and what has rotators make them, say that they look in all: lists
-- show them, too, and no tenant is called so.
DO $$
BEGIN
    EXECUTE format('CREATE POLICY ender_reads ON open_lease FOR SELECT TO %I USING (true)', projection.writer('vault'));
    EXECUTE format('CREATE POLICY ender_reads ON binding FOR SELECT TO %I USING (true)', projection.writer('vault'));
    EXECUTE format('CREATE POLICY ender_reads ON target FOR SELECT TO %I USING (true)', projection.writer('vault'));
    EXECUTE format('CREATE POLICY rotation_reads ON secret FOR SELECT TO %I USING (current_setting(''chancery.tenant'', true) = ''*'')',
        projection.writer('vault'));
    EXECUTE format('CREATE POLICY issuer_reads ON version FOR SELECT TO %I USING (current_setting(''chancery.tenant'', true) = ''*'')',
        projection.writer('vault'));
END $$;
