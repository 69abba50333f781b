-- The ledger: the records as they came from Kafka, the tree over them, its signed heads. A projection: see V1__projection.sql.
--
-- Rules that PostgreSQL itself keeps here, whatever the application does:
--   * a record, a tile and a checkpoint are inserted once and never changed (privileges, and triggers for the owner too);
--   * a head only grows: no smaller size, no second root for a size, no other origin;
--   * there is one checkpoint a size (primary key);
--   * a role sees and writes rows of the tenant that its transaction has set, and of no other.
--
-- Nothing but `head` is ever updated. Tiles are stored when they are full; the partial ones at the right edge are read off the level
-- below (leaf hashes off the records, all others off the `root` of its tiles), so growing the tree rewrites nothing.

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_shrinking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.tenant <> OLD.tenant OR NEW.origin <> OLD.origin OR NEW.size < OLD.size
        OR (NEW.size = OLD.size AND NEW.root <> OLD.root) OR NEW.published_size < OLD.published_size THEN
        RAISE EXCEPTION 'a head only grows' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- One row a tenant. Its row lock is what makes one writer, and one signer, of a log.
CREATE TABLE head (
    tenant text PRIMARY KEY CHECK (tenant ~ '^[a-z0-9-]{1,63}$'),
    origin text NOT NULL CHECK (origin ~ '^[a-z0-9.-]{1,63}/[a-z0-9-]{1,63}$'),
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    -- checkpoints up to this size are known to be on Kafka; later ones may be
    published_size bigint NOT NULL CHECK (published_size BETWEEN 0 AND size)
) WITH (fillfactor = 50);

CREATE TABLE record (
    tenant text NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    -- the leaf, byte for byte
    entry bytea NOT NULL CHECK (octet_length(entry) BETWEEN 1 AND 32768),
    -- the events' bodies, framed as the export has them (docs/reference/formats.md)
    bodies bytea NOT NULL CHECK (octet_length(bodies) >= 2),
    PRIMARY KEY (tenant, position)
);

CREATE TABLE tile (
    tenant text NOT NULL,
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    index bigint NOT NULL CHECK (index >= 0),
    -- what the tile's hashes come to: its place in the level above
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (tenant, level, index)
);

CREATE TABLE checkpoint (
    tenant text NOT NULL,
    size bigint NOT NULL CHECK (size >= 1),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    -- the signed note
    note bytea NOT NULL,
    PRIMARY KEY (tenant, size)
);

-- Hashes and what is signed or encrypted don't compress, and apart from its hashes a tile's row is small: what partial tiles are
-- read from stays dense.
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
ALTER TABLE record ALTER COLUMN entry SET STORAGE EXTERNAL;
ALTER TABLE record ALTER COLUMN bodies SET STORAGE EXTERNAL;

CREATE TRIGGER only_grows BEFORE UPDATE ON head FOR EACH ROW EXECUTE FUNCTION refuse_shrinking();
CREATE TRIGGER stays BEFORE DELETE ON head FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER all_stay BEFORE TRUNCATE ON head FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

SELECT projection.make('ledger', appended => '{head, record, tile, checkpoint}');

DO $$
DECLARE
    plain text;
BEGIN
    FOREACH plain IN ARRAY ARRAY['record', 'tile', 'checkpoint'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION refuse_change()', plain);
        EXECUTE format('CREATE TRIGGER append_only_all BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', plain);
    END LOOP;
    EXECUTE format('GRANT UPDATE (size, root, published_size) ON head TO %I', projection.writer('ledger'));
END $$;
