-- Which notices people are to be sent, and what became of them. A projection: see V1__projection.sql.
--
-- A person's address stands here as the log has it: sealed. Rows of `pending` are what is to be sent, and nothing else; the sender finds
-- them for all organisations.

CREATE TABLE notice (
    tenant text NOT NULL,
    -- made of the event that it tells of, so that it is the same whenever the log is read
    notice uuid NOT NULL,
    principal uuid NOT NULL,
    kind integer NOT NULL,
    -- what it names: a role, a host, a secret, or why a session ended
    about text COLLATE "C" NOT NULL,
    -- the assignment, elevation or override whose end it tells of, or, made of its name, the secret that is due
    cause uuid,
    happened_micros bigint NOT NULL,
    due_micros bigint NOT NULL,
    -- chancery.notices.v1.NoticeState
    state integer NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    code text COLLATE "C" NOT NULL DEFAULT '',
    tried_micros bigint NOT NULL DEFAULT 0,
    -- where it goes, if not to the person's address of then: sealed, and what it was sealed to
    address bytea,
    address_entry bytea,
    address_type text,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, notice)
);
CREATE INDEX notice_newest ON notice (tenant, position, notice);
CREATE INDEX notice_of_cause ON notice (tenant, cause) WHERE cause IS NOT NULL;

CREATE TABLE pending (
    tenant text NOT NULL,
    notice uuid NOT NULL,
    due_micros bigint NOT NULL,
    PRIMARY KEY (tenant, notice)
);
CREATE INDEX pending_due ON pending (due_micros);

-- Users. Programs are told nothing; of theirs, whoever created them is.
CREATE TABLE person (
    tenant text NOT NULL,
    principal uuid NOT NULL,
    address bytea,
    address_entry bytea,
    address_type text,
    PRIMARY KEY (tenant, principal)
);

CREATE TABLE device (
    tenant text NOT NULL,
    principal uuid NOT NULL,
    device bytea NOT NULL,
    PRIMARY KEY (tenant, principal, device)
);

CREATE TABLE failure (
    tenant text NOT NULL,
    principal uuid NOT NULL,
    begun_micros bigint NOT NULL,
    times integer NOT NULL,
    -- when somebody was told last; 0: never
    told_micros bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, principal)
);

-- Services and agents, and the user who created each of them; null: no user, or one who was deactivated since.
CREATE TABLE program (
    tenant text NOT NULL,
    principal uuid NOT NULL,
    owner uuid,
    PRIMARY KEY (tenant, principal)
);
CREATE INDEX program_owner ON program (tenant, owner);

-- Who holds which role directly, to find who approves.
CREATE TABLE holding (
    tenant text NOT NULL,
    assignment uuid NOT NULL,
    principal uuid NOT NULL,
    role text COLLATE "C" NOT NULL,
    -- 0: without end
    until_micros bigint NOT NULL,
    PRIMARY KEY (tenant, assignment)
);
CREATE INDEX holding_role ON holding (tenant, role);

CREATE TABLE elevation (
    tenant text NOT NULL,
    elevation uuid NOT NULL,
    approvers text[] NOT NULL,
    PRIMARY KEY (tenant, elevation)
);

-- Who sees to a secret, and how often it gets a new value.
CREATE TABLE rotation (
    tenant text NOT NULL,
    secret text COLLATE "C" NOT NULL,
    -- null: no schedule was ever set
    owner uuid,
    every_days integer NOT NULL DEFAULT 0,
    generated boolean NOT NULL DEFAULT false,
    -- its newest version, or, before the first, the schedule
    since_micros bigint NOT NULL,
    PRIMARY KEY (tenant, secret)
);

SELECT projection.make('notices', views => '{notice, pending, person, device, failure, holding, elevation, program, rotation}');

CREATE POLICY sender_finds ON pending FOR SELECT TO chancery_notices USING (true);
