-- Requests of subjects with their deadlines, and what systems were asked. A projection: see V1__projection.sql.
--
-- What becomes of a request is decided on the log; whether it is late is told when the list is read.

CREATE TABLE request (
    tenant text NOT NULL,
    request uuid NOT NULL,
    subject uuid NOT NULL,
    -- as chancery.dsar.v1.RequestKind numbers them
    kind integer NOT NULL,
    regime text COLLATE "C" NOT NULL,
    -- as chancery.dsar.v1.RequestState numbers them
    state integer NOT NULL,
    received_micros bigint NOT NULL,
    due_micros bigint NOT NULL,
    -- null: none is asked for
    acknowledge_micros bigint,
    acknowledged boolean NOT NULL,
    extended boolean NOT NULL,
    -- null: it is open
    ended_micros bigint,
    hold_ids uuid[] NOT NULL,
    -- of the record that received it
    received_position bigint NOT NULL,
    -- of the last record that may have something happen to it
    position bigint NOT NULL,
    PRIMARY KEY (tenant, request)
);
CREATE INDEX request_newest ON request (tenant, received_position);
CREATE INDEX request_of_subject ON request (tenant, subject, received_position);
CREATE INDEX request_open ON request (tenant, due_micros, request) WHERE ended_micros IS NULL;

CREATE TABLE task (
    tenant text NOT NULL,
    request uuid NOT NULL,
    task uuid NOT NULL,
    holder text COLLATE "C" NOT NULL,
    -- as chancery.dsar.v1.HolderAction numbers them
    action integer NOT NULL,
    -- as chancery.dsar.v1.TaskResult numbers them
    result integer NOT NULL,
    attempts integer NOT NULL,
    code text COLLATE "C" NOT NULL,
    next_micros bigint NOT NULL,
    position bigint NOT NULL,
    ordinal integer NOT NULL,
    PRIMARY KEY (tenant, task)
);
CREATE INDEX task_of_request ON task (tenant, request, position, ordinal);

SELECT projection.make('dsar', views => '{request, task}');
