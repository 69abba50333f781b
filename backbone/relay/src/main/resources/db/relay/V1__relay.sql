-- What the relay knows of Kafka. Run as chancery_owner.
--
-- Losing rows of relay.progress loses nothing: at its start the relay reads the end of the topic again. So they are written
-- without waiting for the disk.

-- How far each tenant's log has reached the topic. Read and written by the relay alone, for all tenants.
CREATE TABLE relay.progress (
    tenant text PRIMARY KEY,
    -- everything up to here was acknowledged by Kafka
    position bigint NOT NULL,
    partition integer NOT NULL,
    kafka_offset bigint NOT NULL
) WITH (fillfactor = 50);

-- The topic that the log went to. Another one, or one with another number of partitions, is refused.
CREATE TABLE relay.topic (
    name text PRIMARY KEY,
    topic_id text NOT NULL,
    partitions integer NOT NULL
);

-- A projection that misses records asks for them here, by relay.request_republish and in no other way. One row a tenant.
CREATE TABLE relay.republish_request (
    -- another one with each request and each batch sent: the oldest is served first, and a request that is repeated while it is
    -- being served stays
    id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    tenant text PRIMARY KEY,
    -- this one and everything after it is sent again
    from_position bigint NOT NULL CHECK (from_position >= 0),
    -- the last one known to be missing, for the operator
    to_position bigint NOT NULL
);

-- Asks, in the transaction's tenant, for from_position and everything after it.
CREATE FUNCTION relay.request_republish(from_position bigint, to_position bigint) RETURNS void LANGUAGE sql
    SET search_path = relay, pg_temp
    BEGIN ATOMIC
        INSERT INTO relay.republish_request AS known (tenant, from_position, to_position)
            VALUES (current_setting('chancery.tenant'), request_republish.from_position, request_republish.to_position)
            ON CONFLICT (tenant) DO UPDATE SET id = DEFAULT,
                from_position = least(known.from_position, excluded.from_position),
                to_position = greatest(known.to_position, excluded.to_position);
    END;

ALTER TABLE relay.republish_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE relay.republish_request FORCE ROW LEVEL SECURITY;
CREATE POLICY projection_asks ON relay.republish_request FOR INSERT
    WITH CHECK (tenant = current_setting('chancery.tenant', true));
CREATE POLICY projection_asks_again ON relay.republish_request FOR UPDATE
    USING (tenant = current_setting('chancery.tenant', true));
CREATE POLICY projection_sees ON relay.republish_request FOR SELECT
    USING (tenant = current_setting('chancery.tenant', true));
CREATE POLICY relay_reads ON relay.republish_request FOR SELECT TO chancery_relay USING (true);
CREATE POLICY relay_shortens ON relay.republish_request FOR UPDATE TO chancery_relay USING (true);
CREATE POLICY relay_removes ON relay.republish_request FOR DELETE TO chancery_relay USING (true);

GRANT USAGE ON SCHEMA relay TO chancery_relay, chancery_projector;
GRANT SELECT, INSERT, UPDATE ON relay.progress, relay.topic TO chancery_relay;
GRANT DELETE ON relay.progress TO chancery_relay;
GRANT SELECT, DELETE ON relay.republish_request TO chancery_relay;
GRANT UPDATE (id, from_position) ON relay.republish_request TO chancery_relay;
GRANT SELECT, INSERT ON relay.republish_request TO chancery_projector;
GRANT UPDATE (id, from_position, to_position) ON relay.republish_request TO chancery_projector;
