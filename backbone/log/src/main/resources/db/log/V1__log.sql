-- The log: what happened, in order, for each tenant. Run as chancery_owner.
--
-- Rules that PostgreSQL itself keeps here, whatever the application does:
--   * a record and an event are inserted once and never changed (privileges, and triggers for the owner too);
--   * a role sees and writes rows of the tenant that its transaction has set, and of no other;
--   * a feature's role inserts records and events of that feature alone.
--
-- Keys are compared by their bytes (COLLATE "C"): a library's new idea of order must not break an index.

CREATE FUNCTION log.tenant() RETURNS text LANGUAGE sql STABLE
    RETURN current_setting('chancery.tenant', true);

-- 'identity' for the role chancery_identity
CREATE FUNCTION log.feature() RETURNS text LANGUAGE sql STABLE
    RETURN substr(current_user::text, length('chancery_') + 1);

CREATE FUNCTION log.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

-- One row a tenant. Its row lock is what puts a tenant's appends in order.
CREATE TABLE log.head (
    tenant text COLLATE "C" PRIMARY KEY CHECK (tenant ~ '^[a-z0-9-]{1,36}$'),
    next_position bigint NOT NULL CHECK (next_position >= 0),
    recorded_at_micros bigint NOT NULL,
    -- set when two records were seen at one position: nothing is appended until that is resolved
    forked_at bigint
) WITH (fillfactor = 50);

-- Whoever may move a head may not break it: a hole in one log would never close.
CREATE FUNCTION log.forward_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.next_position < OLD.next_position OR NEW.recorded_at_micros < OLD.recorded_at_micros
        OR NEW.next_position > OLD.next_position AND (
            SELECT count(*) FROM log.record WHERE tenant = NEW.tenant AND position BETWEEN OLD.next_position AND NEW.next_position - 1
        ) <> NEW.next_position - OLD.next_position
    THEN
        RAISE EXCEPTION 'a log head may only advance over existing records' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER forward_only BEFORE UPDATE ON log.head FOR EACH ROW EXECUTE FUNCTION log.forward_only();

CREATE TABLE log.record (
    tenant text COLLATE "C" NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    feature text NOT NULL,
    event_types text[] NOT NULL,
    -- chancery.log.v1.Record, byte for byte what goes to Kafka
    record bytea NOT NULL CHECK (octet_length(record) <= 1048576),
    PRIMARY KEY (tenant, position)
) PARTITION BY HASH (tenant);

-- Where a stream's events lie in the log.
CREATE TABLE log.event (
    tenant text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL CHECK (octet_length(stream) <= 128),
    version bigint NOT NULL CHECK (version >= 1),
    position bigint NOT NULL,
    -- index of the body in its record
    ordinal integer NOT NULL,
    type text NOT NULL,
    PRIMARY KEY (tenant, stream, version)
) PARTITION BY HASH (tenant);

CREATE TABLE log.stream_head (
    tenant text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (tenant, stream)
) WITH (fillfactor = 80);

-- What must be unique in a tenant (an e-mail address, a name), as keyed hashes.
CREATE TABLE log.claim (
    tenant text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    stream text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, kind, hash)
);

-- What a command with an idempotency key came to. Reserved (reply is null) while it runs.
CREATE TABLE log.receipt (
    tenant text COLLATE "C" NOT NULL,
    key_hash bytea NOT NULL,
    request_hash bytea NOT NULL,
    feature text NOT NULL,
    -- of the intent while reserved, of the outcome after
    position bigint NOT NULL,
    -- empty for a reply that is never kept
    reply bytea,
    -- the stable code of a rejection
    code text,
    expires_at_micros bigint NOT NULL,
    PRIMARY KEY (tenant, key_hash)
) WITH (fillfactor = 70);
CREATE INDEX receipt_expiry ON log.receipt (expires_at_micros);

-- Intents that wait for their outcome.
CREATE TABLE log.open_intent (
    tenant text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    feature text NOT NULL,
    deadline_micros bigint NOT NULL,
    hash bytea NOT NULL,
    key_hash bytea,
    PRIMARY KEY (tenant, position)
);
CREATE INDEX open_intent_deadline ON log.open_intent (feature, deadline_micros);

-- The PostgreSQL that the relay last found in step with Kafka. Append refuses to write to another.
CREATE TABLE log.reconciled (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    system_identifier bigint NOT NULL,
    timeline integer NOT NULL,
    -- false once the relay has found something that it must not go on from
    in_step boolean NOT NULL DEFAULT true
);

DO $$
DECLARE
    plain text;
    remainder integer;
BEGIN
    FOREACH plain IN ARRAY ARRAY['record', 'event'] LOOP
        FOR remainder IN 0..7 LOOP
            EXECUTE format('CREATE TABLE log.%I PARTITION OF log.%I FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
                           plain || '_' || remainder, plain, remainder);
            EXECUTE format('ALTER TABLE log.%I ENABLE ROW LEVEL SECURITY', plain || '_' || remainder);
            EXECUTE format('ALTER TABLE log.%I FORCE ROW LEVEL SECURITY', plain || '_' || remainder);
            EXECUTE format('CREATE TRIGGER append_only_all BEFORE TRUNCATE ON log.%I FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change()',
                           plain || '_' || remainder);
        END LOOP;
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log.%I FOR EACH ROW EXECUTE FUNCTION log.refuse_change()', plain);
        EXECUTE format('CREATE TRIGGER append_only_all BEFORE TRUNCATE ON log.%I FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change()', plain);
    END LOOP;
    -- Records are opaque: compressing what is signed, hashed and partly encrypted is work for nothing.
    FOR remainder IN 0..7 LOOP
        EXECUTE format('ALTER TABLE log.%I ALTER COLUMN record SET STORAGE EXTERNAL', 'record_' || remainder);
    END LOOP;
    FOREACH plain IN ARRAY ARRAY['head', 'record', 'event', 'stream_head', 'claim', 'receipt', 'open_intent'] LOOP
        EXECUTE format('ALTER TABLE log.%I ENABLE ROW LEVEL SECURITY', plain);
        EXECUTE format('ALTER TABLE log.%I FORCE ROW LEVEL SECURITY', plain);
        EXECUTE format('CREATE POLICY tenant_reads ON log.%I FOR SELECT USING (tenant = log.tenant())', plain);
    END LOOP;
END $$;

-- Writers: the roles of features, members of chancery_writer. identity alone begins a log.
CREATE POLICY feature_updates ON log.head FOR UPDATE USING (tenant = log.tenant()) WITH CHECK (tenant = log.tenant());
CREATE POLICY identity_begins ON log.head FOR INSERT WITH CHECK (tenant = log.tenant() AND log.feature() = 'identity');
CREATE POLICY feature_appends ON log.record FOR INSERT
    -- written out, since a function with a query in it would be planned anew for each append
    WITH CHECK (tenant = log.tenant() AND feature = log.feature()
                AND NOT EXISTS (SELECT FROM unnest(event_types) AS type WHERE NOT starts_with(type, 'chancery.' || feature || '.')));
CREATE POLICY feature_appends ON log.event FOR INSERT
    WITH CHECK (tenant = log.tenant() AND starts_with(stream, log.feature() || '/')
                AND starts_with(type, 'chancery.' || log.feature() || '.'));
CREATE POLICY feature_inserts ON log.stream_head FOR INSERT
    WITH CHECK (tenant = log.tenant() AND starts_with(stream, log.feature() || '/'));
CREATE POLICY feature_updates ON log.stream_head FOR UPDATE
    USING (tenant = log.tenant() AND starts_with(stream, log.feature() || '/'));
CREATE POLICY feature_inserts ON log.claim FOR INSERT
    WITH CHECK (tenant = log.tenant() AND starts_with(stream, log.feature() || '/'));
CREATE POLICY feature_deletes ON log.claim FOR DELETE
    USING (tenant = log.tenant() AND starts_with(stream, log.feature() || '/'));
-- The eraser lets go of the names of whom it has forgotten.
CREATE POLICY eraser_deletes ON log.claim FOR DELETE
    USING (tenant = log.tenant() AND log.feature() = 'retention' AND starts_with(stream, 'identity/principal/'));
CREATE POLICY feature_inserts ON log.receipt FOR INSERT WITH CHECK (tenant = log.tenant() AND feature = log.feature());
CREATE POLICY feature_updates ON log.receipt FOR UPDATE USING (tenant = log.tenant() AND feature = log.feature());
-- Expired receipts go, whosever they are: their own feature's role sweeps them.
CREATE POLICY feature_sweeps ON log.receipt FOR DELETE
    USING (feature = log.feature()
           AND (tenant = log.tenant() OR expires_at_micros <= (extract(epoch FROM clock_timestamp()) * 1000000)::bigint));
CREATE POLICY feature_sees_expired ON log.receipt FOR SELECT
    USING (feature = log.feature() AND expires_at_micros <= (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
CREATE POLICY feature_inserts ON log.open_intent FOR INSERT WITH CHECK (tenant = log.tenant() AND feature = log.feature());
CREATE POLICY feature_deletes ON log.open_intent FOR DELETE USING (tenant = log.tenant() AND feature = log.feature());
-- The reaper finds its own feature's late intents in every tenant.
CREATE POLICY feature_reaps ON log.open_intent FOR SELECT USING (feature = log.feature());

-- The relay reads the log of all tenants, and nothing else of theirs.
CREATE POLICY relay_reads ON log.record FOR SELECT TO chancery_relay USING (true);
CREATE POLICY relay_reads ON log.head FOR SELECT TO chancery_relay USING (true);
CREATE POLICY relay_stops_forks ON log.head FOR UPDATE TO chancery_relay USING (true);
-- Reads for log.last_positions: the owner writes no row here.
CREATE POLICY owner_compares ON log.head FOR SELECT TO chancery_owner USING (true);

GRANT USAGE ON SCHEMA log TO chancery_writer, chancery_projector, chancery_decisions, chancery_relay, chancery_replay;
GRANT SELECT ON log.head, log.record, log.event, log.stream_head, log.claim, log.receipt, log.open_intent, log.reconciled
    TO chancery_writer;
GRANT INSERT ON log.record, log.event, log.stream_head, log.claim, log.receipt, log.open_intent
    TO chancery_writer;
GRANT INSERT ON log.head TO chancery_writer;
GRANT UPDATE (next_position, recorded_at_micros) ON log.head TO chancery_writer;
GRANT UPDATE (version) ON log.stream_head TO chancery_writer;
GRANT UPDATE (request_hash, feature, position, reply, code, expires_at_micros) ON log.receipt
    TO chancery_writer;
GRANT DELETE ON log.claim, log.receipt, log.open_intent TO chancery_writer;
-- What a decision rests on, in processes that serve views or the ledger and append nothing.
GRANT SELECT ON log.head, log.record, log.event TO chancery_decisions;
GRANT SELECT ON log.record, log.head, log.reconciled TO chancery_relay;
GRANT INSERT, UPDATE ON log.reconciled TO chancery_relay;
GRANT UPDATE (forked_at) ON log.head TO chancery_relay;

-- What may be asked of the log by roles that may not read it, or not so far: each function does its one thing as the owner.

-- Where these logs end; those that don't exist are left out. A decision point compares all that it has in memory with it.
CREATE FUNCTION log.last_positions(tenants text[]) RETURNS TABLE (tenant text, last_position bigint) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT head.tenant, head.next_position - 1 FROM log.head WHERE head.tenant = ANY (last_positions.tenants);
    END;

-- Whether a record with this SHA-256 is committed at this position of the transaction's tenant. A projection asks that came by a
-- record for the second time.
CREATE FUNCTION log.is_committed(at_position bigint, record_sha256 bytea) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT EXISTS (SELECT FROM log.record WHERE record.tenant = log.tenant() AND record.position = is_committed.at_position
                           AND sha256(record.record) = is_committed.record_sha256);
    END;

-- Stops the log of the transaction's tenant, for good: a projection was shown two signed records at one position.
CREATE FUNCTION log.stop_forked(at_position bigint) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        UPDATE log.head SET forked_at = stop_forked.at_position WHERE head.tenant = log.tenant() AND head.forked_at IS NULL;
    END;

REVOKE EXECUTE ON FUNCTION log.last_positions, log.is_committed, log.stop_forked FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.last_positions TO chancery_writer, chancery_decisions;
GRANT EXECUTE ON FUNCTION log.is_committed TO chancery_projector, chancery_replay;
GRANT EXECUTE ON FUNCTION log.stop_forked TO chancery_projector;

-- What wakes the relay: one small row a transaction, however many records it appended. The records come from the table.
CREATE PUBLICATION chancery_log FOR TABLE log.head (tenant, next_position) WITH (publish = 'insert, update');

-- How long logs are, and nothing else of them: so projections know what they have not been given yet.
-- Records in the log of the transaction's tenant; 0 where there is none.
CREATE FUNCTION log.length() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT coalesce((SELECT next_position FROM log.head WHERE head.tenant = log.tenant()), 0);
    END;

-- Every log: its records, and how long ago the newest was recorded.
CREATE FUNCTION log.lengths() RETURNS TABLE (tenant text, records bigint, quiet_micros bigint) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        SELECT head.tenant, next_position, greatest(0, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - recorded_at_micros)
        FROM log.head;
    END;

REVOKE EXECUTE ON FUNCTION log.length, log.lengths FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.length, log.lengths TO chancery_projector;
