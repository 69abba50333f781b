-- The RBAC views: who may do what, in rows, and since which position of the log. Run as chancery_owner.
--
-- Names are unqualified: the migration runs with its schema as search path, so that `replay` can rebuild the views beside the live
-- ones from this same text. The live ones are the schema `rbac`, written by chancery_rbac; any other is chancery_replay's.
--
-- Rules that PostgreSQL itself keeps here, whatever the application does:
--   * a role sees and writes rows of the tenant that its transaction has set, and of no other;
--   * of a role, and of a capability, there is one version without an end.
--
-- Rows hold pseudonyms and no names. What was true at a position p is what has from <= p and no end or an end > p: versions of
-- roles and capabilities by their columns of that name, the rest by the position that made it and the one that ended it.

CREATE TABLE capability (
    tenant text NOT NULL,
    capability text COLLATE "C" NOT NULL,
    -- part of the contract that the log adopted; otherwise the organisation's own
    built_in boolean NOT NULL,
    step_up_seconds bigint NOT NULL CHECK (step_up_seconds >= 0),
    valid_from_position bigint NOT NULL,
    valid_to_position bigint CHECK (valid_to_position > valid_from_position),
    PRIMARY KEY (tenant, capability, built_in, valid_from_position)
);
CREATE UNIQUE INDEX one_capability ON capability (tenant, capability, built_in) WHERE valid_to_position IS NULL;
CREATE INDEX contract_capability ON capability (tenant, capability) WHERE built_in AND valid_to_position IS NULL;

CREATE TABLE role (
    tenant text NOT NULL,
    role text COLLATE "C" NOT NULL,
    built_in boolean NOT NULL,
    -- a retired role bundles nothing
    retired boolean NOT NULL,
    valid_from_position bigint NOT NULL,
    valid_to_position bigint CHECK (valid_to_position > valid_from_position),
    PRIMARY KEY (tenant, role, valid_from_position)
);
CREATE UNIQUE INDEX one_role ON role (tenant, role) WHERE valid_to_position IS NULL;
CREATE INDEX built_in_role ON role (tenant, valid_from_position) WHERE built_in AND valid_to_position IS NULL;

-- What a version of a role bundles.
CREATE TABLE role_capability (
    tenant text NOT NULL,
    role text COLLATE "C" NOT NULL,
    valid_from_position bigint NOT NULL,
    capability text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, role, valid_from_position, capability)
);

CREATE TABLE principal (
    tenant text NOT NULL,
    principal uuid NOT NULL,
    -- number of chancery.identity.v1.PrincipalType
    type integer NOT NULL,
    active boolean NOT NULL GENERATED ALWAYS AS (deactivated_position IS NULL) STORED,
    created_position bigint NOT NULL,
    deactivated_position bigint,
    PRIMARY KEY (tenant, principal)
);

CREATE TABLE assignment (
    tenant text NOT NULL,
    assignment uuid NOT NULL,
    principal uuid NOT NULL,
    role text COLLATE "C" NOT NULL,
    -- null: the whole organisation
    workspace uuid,
    -- null: the first grant, made by the founding itself
    granter uuid,
    from_micros bigint NOT NULL,
    -- exclusive; null: without end
    until_micros bigint,
    position bigint NOT NULL,
    revoked_at_micros bigint,
    revoked_position bigint,
    PRIMARY KEY (tenant, assignment),
    CHECK ((revoked_at_micros IS NULL) = (revoked_position IS NULL))
);
CREATE INDEX assignment_newest ON assignment (tenant, position, assignment);
CREATE INDEX assignment_of_principal ON assignment (tenant, principal, position, assignment);

CREATE TABLE workspace (
    tenant text NOT NULL,
    workspace uuid NOT NULL,
    created_position bigint NOT NULL,
    PRIMARY KEY (tenant, workspace)
);

CREATE TABLE member (
    tenant text NOT NULL,
    workspace uuid NOT NULL,
    principal uuid NOT NULL,
    added_position bigint NOT NULL,
    PRIMARY KEY (tenant, workspace, principal)
);

-- The consumer's.
CREATE TABLE position (
    tenant text PRIMARY KEY,
    position bigint NOT NULL,
    stopped_at bigint,
    stopped_because text
) WITH (fillfactor = 50);

-- Spans tenants and holds nothing of theirs.
CREATE TABLE "offset" (
    partition integer PRIMARY KEY,
    next_offset bigint NOT NULL,
    -- of Kafka's leader when what was read last was written; -1: not known
    leader_epoch integer NOT NULL
) WITH (fillfactor = 50);

DO $$
DECLARE
    plain text;
    ours CONSTANT text := 'tenant = current_setting(''chancery.tenant'', true)';
    writer text := CASE current_schema() WHEN 'rbac' THEN 'chancery_rbac' ELSE 'chancery_replay' END;
BEGIN
    FOREACH plain IN ARRAY ARRAY['capability', 'role', 'role_capability', 'principal', 'assignment', 'workspace', 'member', 'position'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', plain);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', plain);
        EXECUTE format('CREATE POLICY of_tenant ON %I USING (%s) WITH CHECK (%s)', plain, ours, ours);
        EXECUTE format('GRANT SELECT ON %I TO %I, chancery_replay', plain, writer);
        EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO %I', plain, writer);
    END LOOP;
    -- The consumer finds where it was in every tenant's log; `replay` finds which logs there are to compare.
    EXECUTE format('CREATE POLICY consumer_reads ON position FOR SELECT TO %I, chancery_replay USING (true)', writer);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON "offset" TO %I', writer);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, chancery_replay', current_schema(), writer);
END $$;
