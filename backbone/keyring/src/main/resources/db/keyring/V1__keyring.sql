-- Keys, each wrapped by the one above it: sealer, tenant key, subject key; and the keys that sign. Run as chancery_owner.
--
-- Rules that PostgreSQL itself keeps here, whatever the application does:
--   * no key is deleted, and its state goes forward only: a destroyed key stays as a tombstone without bytes;
--   * a subject that was destroyed never gets a key again, not even from a process that asked at the same moment;
--   * there is one current key of a kind;
--   * nothing is wrapped any more by a tenant's key, or a version of one of the sealer's rings, that was destroyed, not even by a process that had it
--     in memory still;
--   * chancery_keyring sees keys of the tenant that its transaction has set; nobody else sees any, the owner included.

CREATE FUNCTION keyring.refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'keys are never deleted from %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION keyring.forward_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lifetime CONSTANT text[] := ARRAY['PENDING', 'CURRENT', 'PREVIOUS', 'DESTROYED'];
BEGIN
    IF array_position(lifetime, NEW.state) < array_position(lifetime, OLD.state) THEN
        RAISE EXCEPTION 'a key in % never goes back to an earlier state', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TABLE keyring.tenant_key (
    tenant text NOT NULL CHECK (tenant ~ '^[a-z0-9-]{1,36}$'),
    version integer NOT NULL CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('PENDING', 'CURRENT', 'PREVIOUS', 'DESTROYED')),
    -- the key, sealed by version sealed_by of the sealer's ring
    wrapped bytea,
    sealed_by integer NOT NULL CHECK (sealed_by >= 1),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- somebody asked for it; else it is the first, or an erasure's
    asked boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, version),
    CHECK ((state = 'DESTROYED') = (wrapped IS NULL))
);
CREATE UNIQUE INDEX one_current_tenant_key ON keyring.tenant_key (tenant) WHERE state = 'CURRENT';

-- The census: what a version of the ring still protects, in all organisations.
CREATE INDEX tenant_key_sealed_by ON keyring.tenant_key (sealed_by) WHERE state <> 'DESTROYED';

-- The oldest version of the sealer's ring that seals, and the oldest that is to be there. One row.
CREATE TABLE keyring.ring (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    oldest integer NOT NULL DEFAULT 1,
    -- whoever has a version before this one destroys it
    destroyed_before integer NOT NULL DEFAULT 1,
    -- a name of the core's sealer, which made the newest that was asked for: whoever shares it makes none in it
    sealer text NOT NULL DEFAULT ''
);
INSERT INTO keyring.ring DEFAULT VALUES;

-- When each version of the ring but the first was made. The versions themselves are in the key file or the token alone.
CREATE TABLE keyring.ring_version (
    version integer PRIMARY KEY CHECK (version >= 1),
    made_at timestamptz NOT NULL DEFAULT now(),
    -- somebody asked for it; else it is an erasure's
    asked boolean NOT NULL DEFAULT false,
    -- since when nothing is sealed by the versions before it
    older_retired_at timestamptz
);

-- Puts the sealing of tenants' keys and the destroying of a version of the ring in order: each waits for the other's commit and then sees it.
-- The lock is taken whole by whoever destroys. The argument is the schema of the ring's tables.
CREATE FUNCTION keyring.refuse_the_retired_ring() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    oldest integer;
BEGIN
    IF NEW.wrapped IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(TG_ARGV[0], 2));
        EXECUTE format('SELECT oldest FROM %I.ring', TG_ARGV[0]) INTO oldest;
        IF NEW.sealed_by < oldest THEN
            RAISE EXCEPTION 'that version of the sealer''s ring was destroyed' USING ERRCODE = 'KR002';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_the_retired_ring BEFORE INSERT OR UPDATE ON keyring.tenant_key
    FOR EACH ROW EXECUTE FUNCTION keyring.refuse_the_retired_ring('keyring');

CREATE TABLE keyring.subject_key (
    tenant text NOT NULL,
    -- a random pseudonym; empty: what is about nobody
    subject text NOT NULL CHECK (subject ~ '^([0-9a-f-]{36})?$'),
    -- chancery.options.v1.RetentionClass; 0: the tombstone of the whole subject, whatever the class; 1000, of nobody: what keyed hashes are
    -- made with
    retention smallint NOT NULL CHECK (retention >= 0),
    version integer NOT NULL CHECK (version >= 0),
    state text NOT NULL CHECK (state IN ('PENDING', 'CURRENT', 'PREVIOUS', 'DESTROYED')),
    -- the key, sealed by the tenant key of version wrapped_by
    wrapped bytea,
    wrapped_by integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, subject, retention, version),
    FOREIGN KEY (tenant, wrapped_by) REFERENCES keyring.tenant_key (tenant, version),
    CHECK ((state = 'DESTROYED') = (wrapped IS NULL) AND (wrapped IS NULL) = (wrapped_by IS NULL)),
    CHECK ((retention = 0) = (version = 0)),
    CHECK (retention > 0 OR (state = 'DESTROYED' AND subject <> ''))
);
CREATE UNIQUE INDEX one_current_subject_key ON keyring.subject_key (tenant, subject, retention) WHERE state = 'CURRENT';
-- The census: what a version of the tenant key still protects.
CREATE INDEX subject_key_wrapped_by ON keyring.subject_key (tenant, wrapped_by);

-- Puts the making and the destroying of a subject's keys in order: each waits for the other's commit and then sees it.
CREATE FUNCTION keyring.refuse_the_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.tenant || '/' || NEW.subject, 0));
    IF NEW.state <> 'DESTROYED' AND EXISTS (
        SELECT FROM keyring.subject_key
        WHERE tenant = NEW.tenant AND subject = NEW.subject AND retention = 0
    ) THEN
        RAISE EXCEPTION 'the subject was destroyed' USING ERRCODE = 'KR001';
    END IF;
    RETURN NEW;
END $$;
-- The same for what a tenant's key wraps and the destroying of that key.
CREATE FUNCTION keyring.refuse_the_retired_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.wrapped IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(NEW.tenant, 3));
        IF EXISTS (SELECT FROM keyring.tenant_key
                   WHERE tenant = NEW.tenant AND version = NEW.wrapped_by AND state = 'DESTROYED') THEN
            RAISE EXCEPTION 'that version of the tenant''s key was destroyed' USING ERRCODE = 'KR002';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_the_retired_key BEFORE INSERT OR UPDATE ON keyring.subject_key
    FOR EACH ROW EXECUTE FUNCTION keyring.refuse_the_retired_key();

CREATE TRIGGER refuse_the_forgotten BEFORE INSERT ON keyring.subject_key
    FOR EACH ROW EXECUTE FUNCTION keyring.refuse_the_forgotten();

DO $$
DECLARE
    keys text;
BEGIN
    FOREACH keys IN ARRAY ARRAY['tenant_key', 'subject_key'] LOOP
        EXECUTE format('CREATE TRIGGER refuse_removal BEFORE DELETE ON keyring.%I FOR EACH ROW EXECUTE FUNCTION keyring.refuse_removal()', keys);
        EXECUTE format('CREATE TRIGGER refuse_emptying BEFORE TRUNCATE ON keyring.%I FOR EACH STATEMENT EXECUTE FUNCTION keyring.refuse_removal()', keys);
        EXECUTE format('CREATE TRIGGER forward_only BEFORE UPDATE ON keyring.%I FOR EACH ROW EXECUTE FUNCTION keyring.forward_only()', keys);
        EXECUTE format('ALTER TABLE keyring.%I ENABLE ROW LEVEL SECURITY', keys);
        EXECUTE format('ALTER TABLE keyring.%I FORCE ROW LEVEL SECURITY', keys);
    END LOOP;
END $$;

CREATE POLICY own_tenant ON keyring.tenant_key TO chancery_keyring
    USING (tenant = current_setting('chancery.tenant', true))
    WITH CHECK (tenant = current_setting('chancery.tenant', true));
CREATE POLICY own_tenant ON keyring.subject_key TO chancery_keyring
    USING (tenant = current_setting('chancery.tenant', true))
    WITH CHECK (tenant = current_setting('chancery.tenant', true));

-- For bringing all tenants' keys under another version of the ring; no tenant is called so.
CREATE POLICY all_tenants_reads ON keyring.tenant_key FOR SELECT TO chancery_keyring
    USING (current_setting('chancery.tenant', true) = '*');
CREATE POLICY all_tenants_reseals ON keyring.tenant_key FOR UPDATE TO chancery_keyring
    USING (current_setting('chancery.tenant', true) = '*');

GRANT USAGE ON SCHEMA keyring TO chancery_keyring;
GRANT SELECT ON keyring.ring TO chancery_keyring;
GRANT UPDATE (oldest, destroyed_before, sealer) ON keyring.ring TO chancery_keyring;
GRANT SELECT, INSERT ON keyring.ring_version TO chancery_keyring;
GRANT UPDATE (older_retired_at) ON keyring.ring_version TO chancery_keyring;
GRANT SELECT, INSERT ON keyring.tenant_key, keyring.subject_key TO chancery_keyring;
GRANT UPDATE (state, wrapped, sealed_by) ON keyring.tenant_key TO chancery_keyring;
GRANT UPDATE (state, wrapped, wrapped_by) ON keyring.subject_key TO chancery_keyring;

-- Ed25519 keys that sign. They are the installation's and not a tenant's, in a schema of their own: processes that hold no personal key
-- need the public halves, and the ledger's need the private halves of the logs' keys, and of no others.
CREATE SCHEMA signing;

-- Whose private half it is, by its name: a log's key (<instance>/<log id>) and <instance>/source/ledger the ledger's, <instance>/source/proxy the proxy's, every other the core's.
CREATE FUNCTION signing.holder(name text) RETURNS name LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN name ~ '^[^/]+/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|instance|source/ledger)$'
        THEN 'chancery_ledger' WHEN name ~ '^[^/]+/source/proxy$' THEN 'chancery_proxy' ELSE 'chancery_keyring' END::name
$$;

-- Public halves, for every role; those of destroyed keys too, since what they signed stays to be checked.
CREATE TABLE signing.key (
    -- a C2SP signed-note key name
    name text NOT NULL CHECK (name ~ '^[a-z0-9.-]{1,63}(/[a-z0-9.-]{1,63}){1,3}$'),
    key_id integer NOT NULL,
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- nothing that it signed is taken from then on: it was withdrawn, or it is a key of access tokens that was replaced
    verifies_until timestamptz,
    -- when it was told to sign no more; its holder sees to that. What it signed verifies on
    replaced_at timestamptz,
    PRIMARY KEY (name, key_id)
);
CREATE INDEX turned_key ON signing.key (name) WHERE replaced_at IS NOT NULL OR verifies_until IS NOT NULL;

CREATE FUNCTION signing.refuse_return() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.verifies_until IS DISTINCT FROM least(NEW.verifies_until, OLD.verifies_until)
        OR OLD.replaced_at IS NOT NULL AND NEW.replaced_at IS DISTINCT FROM OLD.replaced_at THEN
        RAISE EXCEPTION 'a key that was replaced or withdrawn stays so' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse_return BEFORE UPDATE ON signing.key FOR EACH ROW EXECUTE FUNCTION signing.refuse_return();

CREATE TABLE signing.private_key (
    name text NOT NULL,
    key_id integer NOT NULL,
    state text NOT NULL CHECK (state IN ('PENDING', 'CURRENT', 'PREVIOUS', 'DESTROYED')),
    -- the key, sealed by version sealed_by of the installation's ring
    wrapped bytea,
    sealed_by integer NOT NULL CHECK (sealed_by >= 1),
    PRIMARY KEY (name, key_id),
    FOREIGN KEY (name, key_id) REFERENCES signing.key (name, key_id),
    CHECK ((state = 'DESTROYED') = (wrapped IS NULL))
);
CREATE UNIQUE INDEX one_current_key ON signing.private_key (name) WHERE state = 'CURRENT';
CREATE UNIQUE INDEX one_next_key ON signing.private_key (name) WHERE state = 'PENDING';
CREATE INDEX private_key_sealed_by ON signing.private_key (sealed_by) WHERE state <> 'DESTROYED';

-- The installation's ring, which seals keys that sign and environments' keys: as keyring.ring and keyring.ring_version. Its versions have the same
-- numbers in all sealers: a holder that has a sealer of its own makes and destroys in it what it reads here.
CREATE TABLE signing.ring (LIKE keyring.ring INCLUDING ALL);
CREATE TABLE signing.ring_version (LIKE keyring.ring_version INCLUDING ALL);
INSERT INTO signing.ring DEFAULT VALUES;

-- The census of that ring: what seals which key, of all holders, none of whom sees another's. Kept by triggers.
CREATE TABLE signing.sealed (
    key text PRIMARY KEY,
    sealed_by integer NOT NULL
);
CREATE INDEX sealed_by ON signing.sealed (sealed_by);

CREATE FUNCTION signing.count_sealed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of text := TG_TABLE_NAME;
    part text;
BEGIN
    IF TG_TABLE_SCHEMA NOT IN ('signing', 'secretring') THEN
        RAISE EXCEPTION 'the census is of other tables' USING ERRCODE = 'restrict_violation';
    END IF;
    FOREACH part IN ARRAY TG_ARGV LOOP
        of := of || '/' || (to_jsonb(NEW) ->> part);
    END LOOP;
    IF NEW.wrapped IS NULL THEN
        DELETE FROM signing.sealed WHERE key = of;
    ELSE
        INSERT INTO signing.sealed (key, sealed_by) VALUES (of, NEW.sealed_by)
            ON CONFLICT (key) DO UPDATE SET sealed_by = EXCLUDED.sealed_by;
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION signing.count_sealed() FROM PUBLIC;
CREATE TRIGGER refuse_the_retired_ring BEFORE INSERT OR UPDATE ON signing.private_key
    FOR EACH ROW EXECUTE FUNCTION keyring.refuse_the_retired_ring('signing');
CREATE TRIGGER count_sealed AFTER INSERT OR UPDATE ON signing.private_key
    FOR EACH ROW EXECUTE FUNCTION signing.count_sealed('name', 'key_id');

DO $$
DECLARE
    keys text;
BEGIN
    FOREACH keys IN ARRAY ARRAY['key', 'private_key'] LOOP
        EXECUTE format('CREATE TRIGGER refuse_removal BEFORE DELETE ON signing.%I FOR EACH ROW EXECUTE FUNCTION keyring.refuse_removal()', keys);
        EXECUTE format('CREATE TRIGGER refuse_emptying BEFORE TRUNCATE ON signing.%I FOR EACH STATEMENT EXECUTE FUNCTION keyring.refuse_removal()', keys);
        EXECUTE format('ALTER TABLE signing.%I ENABLE ROW LEVEL SECURITY', keys);
        EXECUTE format('ALTER TABLE signing.%I FORCE ROW LEVEL SECURITY', keys);
        EXECUTE format('CREATE POLICY holder_makes ON signing.%I FOR INSERT WITH CHECK (signing.holder(name) = current_user)', keys);
    END LOOP;
END $$;
CREATE TRIGGER forward_only BEFORE UPDATE ON signing.private_key FOR EACH ROW EXECUTE FUNCTION keyring.forward_only();
CREATE POLICY all_verify ON signing.key FOR SELECT USING (true);
CREATE POLICY holder_signs ON signing.private_key FOR SELECT USING (signing.holder(name) = current_user);
-- Whosever a key is, the core says that it was replaced or withdrawn: a process that was broken into has no say in that.
CREATE POLICY core_turns ON signing.key FOR UPDATE TO chancery_keyring USING (true);
CREATE POLICY holder_changes ON signing.private_key FOR UPDATE USING (signing.holder(name) = current_user);

GRANT USAGE ON SCHEMA signing TO PUBLIC;
GRANT SELECT ON signing.key TO PUBLIC;
-- When a key was made is PostgreSQL's to say: by that, rotations choose.
GRANT INSERT (name, key_id, public_key) ON signing.key TO chancery_keyring, chancery_ledger, chancery_proxy;
GRANT SELECT, INSERT ON signing.private_key TO chancery_keyring, chancery_ledger, chancery_proxy;
GRANT UPDATE (verifies_until, replaced_at) ON signing.key TO chancery_keyring;
GRANT UPDATE (state, wrapped, sealed_by) ON signing.private_key TO chancery_keyring, chancery_ledger, chancery_proxy;
GRANT SELECT ON signing.ring, signing.ring_version TO chancery_keyring, chancery_ledger, chancery_proxy, chancery_vault;
GRANT UPDATE (oldest, destroyed_before, sealer) ON signing.ring TO chancery_keyring;
GRANT INSERT, UPDATE (older_retired_at) ON signing.ring_version TO chancery_keyring;
GRANT SELECT ON signing.sealed TO chancery_keyring;

-- The ring of secrets, in a schema of its own: chancery_vault alone sees it, and sees no personal key.
CREATE SCHEMA secretring;

CREATE TABLE secretring.environment_key (
    tenant text NOT NULL CHECK (tenant ~ '^[a-z0-9-]{1,36}$'),
    environment text NOT NULL CHECK (environment ~ '^[a-z][a-z0-9-]{0,39}$'),
    version integer NOT NULL CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('CURRENT', 'PREVIOUS', 'DESTROYED')),
    -- the key, sealed by version sealed_by of the installation's ring
    wrapped bytea,
    sealed_by integer NOT NULL CHECK (sealed_by >= 1),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, environment, version),
    CHECK ((state = 'DESTROYED') = (wrapped IS NULL))
);
CREATE UNIQUE INDEX one_current_environment_key ON secretring.environment_key (tenant, environment) WHERE state = 'CURRENT';

CREATE INDEX environment_key_sealed_by ON secretring.environment_key (sealed_by) WHERE state <> 'DESTROYED';
CREATE TRIGGER refuse_the_retired_ring BEFORE INSERT OR UPDATE ON secretring.environment_key
    FOR EACH ROW EXECUTE FUNCTION keyring.refuse_the_retired_ring('signing');
CREATE TRIGGER count_sealed AFTER INSERT OR UPDATE ON secretring.environment_key
    FOR EACH ROW EXECUTE FUNCTION signing.count_sealed('tenant', 'environment', 'version');

-- One key for each version of a secret.
CREATE TABLE secretring.data_key (
    tenant text NOT NULL,
    environment text NOT NULL,
    -- with its environment's name in front
    secret text NOT NULL CHECK (length(secret) <= 127),
    version integer NOT NULL CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('CURRENT', 'DESTROYED')),
    -- the key, sealed by the environment key of version wrapped_by
    wrapped bytea,
    wrapped_by integer,
    PRIMARY KEY (tenant, secret, version),
    FOREIGN KEY (tenant, environment, wrapped_by) REFERENCES secretring.environment_key (tenant, environment, version),
    CHECK ((state = 'DESTROYED') = (wrapped IS NULL) AND (wrapped IS NULL) = (wrapped_by IS NULL))
);
-- The census: what a version of an environment's key still protects.
CREATE INDEX data_key_wrapped_by ON secretring.data_key (tenant, environment, wrapped_by);

DO $$
DECLARE
    keys text;
BEGIN
    FOREACH keys IN ARRAY ARRAY['environment_key', 'data_key'] LOOP
        EXECUTE format('CREATE TRIGGER refuse_removal BEFORE DELETE ON secretring.%I FOR EACH ROW EXECUTE FUNCTION keyring.refuse_removal()', keys);
        EXECUTE format('CREATE TRIGGER refuse_emptying BEFORE TRUNCATE ON secretring.%I FOR EACH STATEMENT EXECUTE FUNCTION keyring.refuse_removal()', keys);
        EXECUTE format('CREATE TRIGGER forward_only BEFORE UPDATE ON secretring.%I FOR EACH ROW EXECUTE FUNCTION keyring.forward_only()', keys);
        EXECUTE format('ALTER TABLE secretring.%I ENABLE ROW LEVEL SECURITY', keys);
        EXECUTE format('ALTER TABLE secretring.%I FORCE ROW LEVEL SECURITY', keys);
        EXECUTE format('CREATE POLICY own_tenant ON secretring.%I TO chancery_vault
            USING (tenant = current_setting(''chancery.tenant'', true))
            WITH CHECK (tenant = current_setting(''chancery.tenant'', true))', keys);
    END LOOP;
END $$;

-- For bringing all tenants' keys under another version of the ring; no tenant is called so.
CREATE POLICY all_tenants_reads ON secretring.environment_key FOR SELECT TO chancery_vault
    USING (current_setting('chancery.tenant', true) = '*');
CREATE POLICY all_tenants_reseals ON secretring.environment_key FOR UPDATE TO chancery_vault
    USING (current_setting('chancery.tenant', true) = '*');

GRANT USAGE ON SCHEMA secretring TO chancery_vault;
GRANT SELECT, INSERT ON secretring.environment_key, secretring.data_key TO chancery_vault;
GRANT UPDATE (state, wrapped, sealed_by) ON secretring.environment_key TO chancery_vault;
GRANT UPDATE (state, wrapped, wrapped_by) ON secretring.data_key TO chancery_vault;
