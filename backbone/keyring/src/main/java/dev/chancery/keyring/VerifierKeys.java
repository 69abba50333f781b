package dev.chancery.keyring;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The public halves of the installation's keys, readable as any role: for processes that check signatures and hold no key. */
public final class VerifierKeys {
    /** Between the installation's id and a source's name, in the name of the source's keys. */
    static final String SOURCE = "/source/";

    private final Database database;
    private final DatabaseRole role;

    /** @param role any role of this process */
    public VerifierKeys(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
    }

    /**
     * All verifier keys ever used under a name, or under every name that begins with a prefix, oldest first; those of destroyed
     * private keys too, since what they signed stays to be checked.
     *
     * @param nameOrPrefix a prefix ends with a slash
     */
    public List<VerifierKey> of(String nameOrPrefix) {
        return where(nameOrPrefix.endsWith("/") ? "starts_with(name, ?)" : "name = ?", nameOrPrefix);
    }

    /** The verifier keys under a name whose signatures count now: not those that were withdrawn, or replaced long ago. */
    public List<VerifierKey> live(String name) {
        return where("(verifies_until IS NULL OR verifies_until > now()) AND name = ?", name);
    }

    /** The verifier keys under every name that begins with a prefix that were withdrawn, or were of access tokens and count no more. */
    public List<VerifierKey> withdrawn(String prefix) {
        return where("verifies_until IS NOT NULL AND starts_with(name, ?)", prefix);
    }

    /** A verifier key of a source of records, and whether it was withdrawn. */
    record OfSource(VerifierKey key, boolean withdrawn) {}

    /** All verifier keys of sources of records. */
    List<OfSource> ofSources() {
        return where(
                "strpos(name, ?) > 0", SOURCE, row -> new OfSource(key(row), row.getObject("verifies_until") != null));
    }

    private List<VerifierKey> where(String condition, String value) {
        return where(condition, value, VerifierKeys::key);
    }

    private static VerifierKey key(ResultSet row) throws SQLException {
        return new VerifierKey(row.getString(1), row.getInt(2), row.getBytes(3));
    }

    @FunctionalInterface
    private interface Read<T> {
        T of(ResultSet row) throws SQLException;
    }

    private <T> List<T> where(String condition, String value, Read<T> read) {
        return database.transaction(role, connection -> {
            try (var select = connection.prepareStatement(
                    "SELECT name, key_id, public_key, verifies_until FROM signing.key WHERE " + condition
                            + " ORDER BY created_at, name, key_id")) {
                select.setString(1, value);
                List<T> keys = new ArrayList<>();
                try (var found = select.executeQuery()) {
                    while (found.next()) {
                        keys.add(read.of(found));
                    }
                }
                return keys;
            }
        });
    }
}
