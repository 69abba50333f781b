-- Who agreed to what, each consent's history, and the notices that they were told by. A projection: see V1__projection.sql.
--
-- Whether a consent counts is decided on the log; the list says whether it is withdrawn or over when it is read.

CREATE TABLE consent (
    tenant text NOT NULL,
    consent uuid NOT NULL,
    subject uuid NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    purpose_version integer NOT NULL,
    resource text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    legal_basis integer NOT NULL,
    notice_version integer NOT NULL,
    granted_micros bigint NOT NULL,
    -- null: until it is withdrawn
    until_micros bigint,
    withdrawn_micros bigint,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, consent)
);
CREATE INDEX consent_newest ON consent (tenant, position, consent);
CREATE INDEX consent_of_subject ON consent (tenant, subject, position, consent);
CREATE INDEX consent_to_purpose ON consent (tenant, purpose, position, consent);

CREATE TABLE event (
    tenant text NOT NULL,
    consent uuid NOT NULL,
    position bigint NOT NULL,
    -- as chancery.consent.v1.ConsentEventType numbers them
    type integer NOT NULL,
    at_micros bigint NOT NULL,
    actor uuid NOT NULL,
    legal_basis integer NOT NULL,
    purpose_version integer NOT NULL,
    notice_version integer NOT NULL,
    until_micros bigint,
    PRIMARY KEY (tenant, consent, position)
);

CREATE TABLE notice (
    tenant text NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    uri text COLLATE "C" NOT NULL,
    language text COLLATE "C" NOT NULL,
    text_sha256 bytea NOT NULL,
    recipients text[] COLLATE "C" NOT NULL,
    data_categories text[] COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, purpose, version)
);

CREATE TABLE representative (
    tenant text NOT NULL,
    subject uuid NOT NULL,
    representative uuid NOT NULL,
    -- as chancery.consent.v1.RepresentativeKind numbers them
    kind integer NOT NULL,
    until_micros bigint,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, subject, representative)
);
CREATE INDEX representative_for ON representative (tenant, representative);

SELECT projection.make('consent', views => '{consent, event, notice, representative}');
