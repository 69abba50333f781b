-- How many calls callers have made: what processes share of it. Run as chancery_owner.
--
-- Nothing here is worth keeping: the table is not logged, and after a crash of PostgreSQL every bucket is full. No identity is in it in
-- clear, and none belongs to a tenant: a key is a keyed hash of a limit's name and an identity.

CREATE TABLE limits.hash_key (
    key bytea NOT NULL CHECK (octet_length(key) = 32)
);
CREATE UNIQUE INDEX one_hash_key ON limits.hash_key ((true));
-- Two random UUIDs have 244 random bits.
INSERT INTO limits.hash_key VALUES (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));

CREATE UNLOGGED TABLE limits.bucket (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 16),
    -- when it is full again, in Unix microseconds
    full_micros bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX bucket_full ON limits.bucket (full_micros);

-- Takes up to `want` tokens of a bucket that holds `burst`, of which one comes back every `token_micros`.
CREATE FUNCTION limits.take(bucket_key bytea, token_micros bigint, burst integer, want integer,
        OUT tokens integer, OUT wait_micros bigint)
    LANGUAGE plpgsql SET search_path = limits, pg_temp AS $$
DECLARE
    full_at bigint;
    now_micros bigint;
    room bigint;
BEGIN
    SELECT b.full_micros INTO full_at FROM limits.bucket b WHERE b.key = bucket_key FOR UPDATE;
    IF NOT FOUND THEN
        -- Of two that make it at once, one waits here and reads it then.
        INSERT INTO limits.bucket VALUES (bucket_key, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
            ON CONFLICT DO NOTHING;
        SELECT b.full_micros INTO full_at FROM limits.bucket b WHERE b.key = bucket_key FOR UPDATE;
    END IF;
    -- Once the row is locked: nobody who had it before read a later time.
    now_micros := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    full_at := greatest(coalesce(full_at, now_micros), now_micros);
    room := burst * token_micros - (full_at - now_micros);
    tokens := least(want, greatest(0, room / token_micros));
    wait_micros := CASE WHEN tokens > 0 THEN 0 ELSE token_micros - room END;
    IF tokens > 0 THEN
        UPDATE limits.bucket b SET full_micros = full_at + tokens * token_micros WHERE b.key = bucket_key;
    END IF;
END $$;

-- Buckets that have been full for ten minutes: whoever takes from one again finds it full.
CREATE FUNCTION limits.sweep() RETURNS void LANGUAGE sql SET search_path = limits, pg_temp
    BEGIN ATOMIC
        DELETE FROM limits.bucket
            WHERE full_micros < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - 600000000;
    END;

REVOKE EXECUTE ON FUNCTION limits.take, limits.sweep FROM PUBLIC;
GRANT USAGE ON SCHEMA limits TO chancery_access, chancery_decisions;
GRANT SELECT ON limits.hash_key TO chancery_access, chancery_decisions;
GRANT SELECT, INSERT, UPDATE, DELETE ON limits.bucket TO chancery_access, chancery_decisions;
GRANT EXECUTE ON FUNCTION limits.take, limits.sweep TO chancery_access, chancery_decisions;
