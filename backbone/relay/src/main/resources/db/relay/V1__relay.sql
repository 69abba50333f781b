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

-- A projection that misses records asks for them here.
CREATE TABLE relay.republish_request (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    from_position bigint NOT NULL CHECK (from_position >= 0),
    to_position bigint NOT NULL CHECK (to_position >= from_position),
    UNIQUE (tenant, from_position, to_position)
);
ALTER TABLE relay.republish_request ENABLE ROW LEVEL SECURITY;
ALTER TABLE relay.republish_request FORCE ROW LEVEL SECURITY;
CREATE POLICY projection_asks ON relay.republish_request FOR INSERT
    WITH CHECK (tenant = current_setting('chancery.tenant', true));
CREATE POLICY projection_sees ON relay.republish_request FOR SELECT
    USING (tenant = current_setting('chancery.tenant', true));
CREATE POLICY relay_reads ON relay.republish_request FOR SELECT TO chancery_relay USING (true);
CREATE POLICY relay_shortens ON relay.republish_request FOR UPDATE TO chancery_relay USING (true);
CREATE POLICY relay_removes ON relay.republish_request FOR DELETE TO chancery_relay USING (true);

GRANT USAGE ON SCHEMA relay TO chancery_relay, chancery_rbac, chancery_ledger;
GRANT SELECT, INSERT, UPDATE ON relay.progress, relay.topic TO chancery_relay;
GRANT DELETE ON relay.progress TO chancery_relay;
GRANT SELECT, DELETE ON relay.republish_request TO chancery_relay;
GRANT UPDATE (from_position) ON relay.republish_request TO chancery_relay;
GRANT SELECT, INSERT ON relay.republish_request TO chancery_rbac, chancery_ledger;
