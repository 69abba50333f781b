-- Legal holds, how far each subject's erasure is, and for how long what is kept. A projection: see V1__projection.sql.
--
-- Whether a hold counts is decided on the log. What the eraser has to do, it finds in `open` and looks up on the log before it does it.

CREATE TABLE hold (
    tenant text NOT NULL,
    hold uuid NOT NULL,
    subject uuid NOT NULL,
    matter text COLLATE "C" NOT NULL,
    -- as chancery.options.v1.RetentionClass numbers them
    classes integer[] NOT NULL,
    setter uuid NOT NULL,
    set_micros bigint NOT NULL,
    review_micros bigint NOT NULL,
    -- null: it holds
    cleared_micros bigint,
    clearer uuid,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, hold)
);
CREATE INDEX hold_newest ON hold (tenant, position);
CREATE INDEX hold_of_subject ON hold (tenant, subject, position);

CREATE TABLE erasure (
    tenant text NOT NULL,
    subject uuid NOT NULL,
    class integer NOT NULL,
    -- as chancery.retention.v1.ErasureState numbers them
    state integer NOT NULL,
    -- null: an administrator's
    request uuid,
    ground integer NOT NULL,
    holds uuid[] NOT NULL,
    decided_micros bigint,
    destroyed_micros bigint,
    horizon_micros bigint,
    completed_micros bigint,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, subject, class)
);
CREATE INDEX erasure_newest ON erasure (tenant, position, class);

-- What is to be done: a class whose destruction is under way, or, with class 0, an erasure that another feature has asked for.
CREATE TABLE open (
    tenant text NOT NULL,
    subject uuid NOT NULL,
    class integer NOT NULL,
    -- of the asking; empty otherwise
    request text NOT NULL,
    -- Unix time in microseconds before which there is nothing to do; once the keys are destroyed, the horizon
    due_micros bigint NOT NULL DEFAULT 0,
    -- the newest versions of the organisation's key and of the sealer's ring that may have wrapped the keys that were destroyed; 0: none were
    tenant_key integer NOT NULL DEFAULT 0,
    ring integer NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, subject, class, request)
);
CREATE INDEX open_due ON open (due_micros);
CREATE INDEX open_destroyed ON open (tenant, tenant_key, ring) WHERE ring > 0;

-- Schedules that were set, of personal values. Of a class without one the default is in force.
CREATE TABLE schedule (
    tenant text NOT NULL,
    class integer NOT NULL,
    -- as PostgreSQL reads an interval, or UNLIMITED
    period text COLLATE "C" NOT NULL,
    setter uuid NOT NULL,
    set_micros bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, class)
);

-- What is kept of subjects that were deactivated: a class whose destruction was not decided.
CREATE TABLE retained (
    tenant text NOT NULL,
    subject uuid NOT NULL,
    class integer NOT NULL,
    -- when it was deactivated
    began_micros bigint NOT NULL,
    -- a hold covers it
    held boolean NOT NULL,
    PRIMARY KEY (tenant, subject, class)
);
CREATE INDEX retained_longest ON retained (tenant, class, began_micros, subject);
CREATE INDEX retained_due ON retained (tenant, class, began_micros, subject) WHERE NOT held;

SELECT projection.make('retention', views => '{hold, erasure, open, schedule, retained}');

-- The eraser looks for what is due in every organisation. Ids, periods and times alone. What lists show, too, it sees only where it says that
-- it looks for all: no tenant is called so.
DO $$
DECLARE
    listed text;
BEGIN
    EXECUTE format('CREATE POLICY eraser_reads ON open FOR SELECT TO %I USING (true)', projection.writer('retention'));
    FOREACH listed IN ARRAY ARRAY['schedule', 'retained'] LOOP
        EXECUTE format('CREATE POLICY eraser_reads ON %I FOR SELECT TO %I USING (current_setting(''chancery.tenant'', true) = ''*'')',
            listed, projection.writer('retention'));
    END LOOP;
END $$;
