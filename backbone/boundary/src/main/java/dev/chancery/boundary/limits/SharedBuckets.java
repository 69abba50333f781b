package dev.chancery.boundary.limits;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.keyring.KeyedHash;
import java.sql.SQLTimeoutException;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The tables of schema {@code limits}, shared by all processes of an installation. */
final class SharedBuckets implements Buckets, AutoCloseable {
    /** How long a call waits for the table; it isn't asked again for as long. */
    static final Duration MAX_WAIT = Duration.ofSeconds(1);

    private final Database database;
    private final DatabaseRole role;
    private final ExecutorService asking = Executors.newVirtualThreadPerTaskExecutor();
    private volatile @Nullable KeyedHash hashKey;

    SharedBuckets(Database database, DatabaseRole role) {
        this.database = database;
        this.role = role;
    }

    private byte[] readKey() {
        return database.transaction(role, connection -> {
            try (var query = connection.prepareStatement("SELECT key FROM limits.hash_key");
                    var row = query.executeQuery()) {
                row.next();
                return row.getBytes(1);
            }
        });
    }

    @Override
    public Taken take(BucketKey bucket, Rate rate, int want) {
        return inTime(() -> take(hash(bucket), rate, want));
    }

    private byte[] hash(BucketKey bucket) {
        KeyedHash key = hashKey;
        if (key == null) {
            key = new KeyedHash(readKey());
            hashKey = key;
        }
        return bucket.hash(key);
    }

    /**
     * Opens a pass; false: the token was used before, or there is a pass that isn't over.
     *
     * @param tokenMicros for how long the token is remembered
     */
    boolean openPass(BucketKey pass, BucketKey token, int calls, long passMicros, long tokenMicros) {
        return inTime(() -> {
            byte[] passHash = hash(pass);
            byte[] tokenHash = hash(token);
            return database.transaction(role, connection -> {
                try (var query = connection.prepareStatement("SELECT limits.open_pass(?, ?, ?, ?, ?)")) {
                    query.setBytes(1, passHash);
                    query.setBytes(2, tokenHash);
                    query.setInt(3, calls);
                    query.setLong(4, passMicros);
                    query.setLong(5, tokenMicros);
                    try (var row = query.executeQuery()) {
                        row.next();
                        return row.getBoolean(1);
                    }
                }
            });
        });
    }

    /** Spends a call of a pass: how many it had before; empty: there is no pass. */
    OptionalInt spendPass(BucketKey pass) {
        return inTime(() -> {
            byte[] hash = hash(pass);
            return database.transaction(role, connection -> {
                try (var query = connection.prepareStatement("SELECT limits.spend_pass(?)")) {
                    query.setBytes(1, hash);
                    try (var row = query.executeQuery()) {
                        row.next();
                        int had = row.getInt(1);
                        return row.wasNull() ? OptionalInt.empty() : OptionalInt.of(had);
                    }
                }
            });
        });
    }

    private Taken take(byte[] hash, Rate rate, int want) {
        return database.transaction(role, connection -> {
            try (var query = connection.prepareStatement("SELECT tokens, wait_micros FROM limits.take(?, ?, ?, ?)")) {
                query.setBytes(1, hash);
                query.setLong(2, rate.microsAToken());
                query.setInt(3, rate.burst());
                query.setInt(4, want);
                try (var row = query.executeQuery()) {
                    row.next();
                    return new Taken(row.getInt(1), row.getLong(2));
                }
            }
        });
    }

    /** Removes buckets that have been full for a while, which say nothing, and what is over. */
    void sweep() {
        database.transaction(role, connection -> {
            try (var statement = connection.prepareStatement("SELECT limits.sweep()")) {
                return statement.execute();
            }
        });
    }

    /** A pool that waits for a server which doesn't answer is left to do so alone. */
    private <T> T inTime(Callable<T> work) {
        Future<T> asked = asking.submit(work);
        try {
            return asked.get(MAX_WAIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof DatabaseUnavailable unavailable) {
                throw unavailable;
            }
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new DatabaseUnavailable(new SQLTimeoutException("no answer in time", "57014", e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DatabaseUnavailable(new SQLTimeoutException("interrupted", "57014", e));
        }
    }

    @Override
    public void close() {
        asking.shutdownNow();
    }
}
