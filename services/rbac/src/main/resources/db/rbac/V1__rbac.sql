-- The RBAC views: who may do what, in rows, and since which position of the log. A projection: see V1__projection.sql.
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
    break_glass_only boolean NOT NULL,
    consent_required boolean NOT NULL,
    consent_purpose text NOT NULL,
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
    -- who holds it: a principal, or all in a group
    principal uuid,
    group_id uuid,
    role text COLLATE "C" NOT NULL,
    -- null: the whole organisation
    workspace uuid,
    -- null: the first grant, made when the log was created
    granter uuid,
    from_micros bigint NOT NULL,
    -- exclusive; null: without end
    until_micros bigint,
    position bigint NOT NULL,
    revoked_at_micros bigint,
    revoked_position bigint,
    PRIMARY KEY (tenant, assignment),
    CHECK ((principal IS NULL) <> (group_id IS NULL)),
    CHECK ((revoked_at_micros IS NULL) = (revoked_position IS NULL))
);
CREATE INDEX assignment_newest ON assignment (tenant, position, assignment);
CREATE INDEX assignment_of_principal ON assignment (tenant, principal, position, assignment);
CREATE INDEX assignment_of_group ON assignment (tenant, group_id, position, assignment) WHERE group_id IS NOT NULL;
CREATE INDEX assignment_without_end ON assignment (tenant, position, assignment)
    WHERE until_micros IS NULL AND revoked_position IS NULL;

CREATE TABLE access_group (
    tenant text NOT NULL,
    group_id uuid NOT NULL,
    -- of one group at a time
    name text COLLATE "C" NOT NULL,
    made_position bigint NOT NULL,
    retired_position bigint,
    PRIMARY KEY (tenant, group_id)
);
CREATE INDEX group_name ON access_group (tenant, name, group_id);

CREATE TABLE group_member (
    tenant text NOT NULL,
    group_id uuid NOT NULL,
    principal uuid NOT NULL,
    -- null: no member any more
    added_position bigint,
    PRIMARY KEY (tenant, group_id, principal)
);
CREATE INDEX membership_of_principal ON group_member (tenant, principal, group_id);

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

SELECT projection.make('rbac', views => '{capability, role, role_capability, principal, assignment, workspace, member, access_group, group_member}');
