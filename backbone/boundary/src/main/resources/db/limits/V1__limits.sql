-- How many calls callers have made: what processes share of it. Run as chancery_owner.
--
-- Nothing here is worth keeping: the tables are not logged, and after a crash of PostgreSQL every bucket is full. No identity is in it in
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

-- Calls that an identity may still make beyond its bucket, since somebody solved a challenge.
CREATE UNLOGGED TABLE limits.pass (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 16),
    calls integer NOT NULL CHECK (calls >= 0),
    -- Unix time in microseconds, exclusive
    until_micros bigint NOT NULL
);

-- Tokens of challenges that opened a pass, or would have: each counts once, in whatever process.
CREATE UNLOGGED TABLE limits.challenge_token (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 16),
    until_micros bigint NOT NULL
);

-- Opens a pass, unless the token was used before or there is one that isn't over.
CREATE FUNCTION limits.open_pass(pass_key bytea, token_key bytea, calls integer, pass_micros bigint, token_micros bigint)
    RETURNS boolean LANGUAGE plpgsql SET search_path = limits, pg_temp AS $$
DECLARE
    now_micros bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
BEGIN
    INSERT INTO limits.challenge_token VALUES (token_key, now_micros + token_micros) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO limits.pass AS p VALUES (pass_key, calls, now_micros + pass_micros)
        ON CONFLICT (key) DO UPDATE SET calls = EXCLUDED.calls, until_micros = EXCLUDED.until_micros
        WHERE p.until_micros <= now_micros;
    RETURN FOUND;
END $$;

-- Spends a call of a pass: how many it had left before, 0 where it is used up, null where there is none.
CREATE FUNCTION limits.spend_pass(pass_key bytea) RETURNS integer LANGUAGE plpgsql SET search_path = limits, pg_temp AS $$
DECLARE
    had integer;
BEGIN
    SELECT p.calls INTO had FROM limits.pass p
        WHERE p.key = pass_key AND p.until_micros > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FOR UPDATE;
    UPDATE limits.pass p SET calls = p.calls - 1 WHERE p.key = pass_key AND had > 0;
    RETURN had;
END $$;

-- Buckets that have been full for ten minutes: whoever takes from one again finds it full. Passes and tokens that are over.
CREATE FUNCTION limits.sweep() RETURNS void LANGUAGE sql SET search_path = limits, pg_temp
    BEGIN ATOMIC
        DELETE FROM limits.bucket
            WHERE full_micros < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - 600000000;
        DELETE FROM limits.pass WHERE until_micros < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
        DELETE FROM limits.challenge_token WHERE until_micros < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    END;

REVOKE EXECUTE ON FUNCTION limits.take, limits.open_pass, limits.spend_pass, limits.sweep FROM PUBLIC;
GRANT USAGE ON SCHEMA limits TO chancery_access, chancery_decisions;
GRANT SELECT ON limits.hash_key TO chancery_access, chancery_decisions;
GRANT SELECT, INSERT, UPDATE, DELETE ON limits.bucket, limits.pass, limits.challenge_token
    TO chancery_access, chancery_decisions;
GRANT EXECUTE ON FUNCTION limits.take, limits.open_pass, limits.spend_pass, limits.sweep
    TO chancery_access, chancery_decisions;
