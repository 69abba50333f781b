-- What the migrations of projections call. Run as chancery_owner.
--
-- A projection's migration names no schema and runs with its own as search path, so that `replay` can rebuild the projection beside the
-- live one from the same text. The live one is in the schema named like the feature and written by the feature's role; any other is
-- chancery_replay's. It makes its tables, each with a column `tenant`, and ends with
--
--     SELECT projection.make('rbac', views => '{role, assignment}');

-- The role that writes the projection that is being made.
CREATE FUNCTION projection.writer(feature text) RETURNS text LANGUAGE sql STABLE
    RETURN CASE current_schema() WHEN feature THEN 'chancery_' || feature ELSE 'chancery_replay' END;

-- Makes the tables of the consumer, and row-level security and privileges for all: a role sees and writes rows of the tenant that its
-- transaction has set, and of no other. The writer may insert, update and delete in `views`, and only insert in `appended`.
CREATE FUNCTION projection.make(feature text, views text[] DEFAULT '{}', appended text[] DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    writer CONSTANT text := projection.writer(feature);
    own CONSTANT text := 'tenant = current_setting(''chancery.tenant'', true)';
    plain text;
BEGIN
    -- How far each tenant's records were applied.
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

    -- Messages on the topic that were no record of this installation's, and were passed over. Holds nothing of what they say.
    CREATE TABLE quarantine (
        partition integer NOT NULL,
        reason text NOT NULL,
        messages bigint NOT NULL,
        last_offset bigint NOT NULL,
        last_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (partition, reason)
    );
    CREATE INDEX stopped ON position (tenant) WHERE stopped_at IS NOT NULL;

    FOREACH plain IN ARRAY views || appended || ARRAY['position'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', plain);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', plain);
        EXECUTE format('CREATE POLICY of_tenant ON %I USING (%s) WITH CHECK (%s)', plain, own, own);
        EXECUTE format('GRANT SELECT ON %I TO %I, chancery_replay', plain, writer);
        EXECUTE format('GRANT INSERT ON %I TO %I', plain, writer);
    END LOOP;
    FOREACH plain IN ARRAY views LOOP
        EXECUTE format('GRANT UPDATE, DELETE ON %I TO %I', plain, writer);
    END LOOP;
    -- The consumer finds where it was in every tenant's log; `replay` finds which logs there are to compare.
    EXECUTE format('CREATE POLICY consumer_reads ON position FOR SELECT TO %I, chancery_replay USING (true)', writer);
    EXECUTE format('GRANT UPDATE (position, stopped_at, stopped_because) ON position TO %I', writer);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON "offset", quarantine TO %I', writer);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, chancery_replay', current_schema(), writer);
END $$;
