-- The elevations of each organisation, and who approved them. A projection: see V1__projection.sql.
--
-- Whether an elevation is held is a matter of time: the list says so when it is read, and decisions are made on the log.

CREATE TABLE elevation (
    tenant text NOT NULL,
    elevation uuid NOT NULL,
    principal uuid NOT NULL,
    role text COLLATE "C" NOT NULL,
    -- null: the whole organisation
    workspace uuid,
    ticket text COLLATE "C" NOT NULL,
    emergency boolean NOT NULL DEFAULT false,
    minutes integer NOT NULL,
    requested_micros bigint NOT NULL,
    lapses_micros bigint NOT NULL,
    -- null: never granted
    from_micros bigint,
    until_micros bigint,
    denied_micros bigint,
    revoked_micros bigint,
    -- 0 and null: no review is due
    review_due_micros bigint,
    reviewed_micros bigint,
    finding integer NOT NULL DEFAULT 0,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, elevation)
);
CREATE INDEX elevation_newest ON elevation (tenant, position, elevation);
CREATE INDEX elevation_of_principal ON elevation (tenant, principal, position, elevation);

CREATE TABLE approval (
    tenant text NOT NULL,
    elevation uuid NOT NULL,
    approver uuid NOT NULL,
    role text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, elevation, approver)
);

SELECT projection.make('elevation', views => '{elevation, approval}');
