package dev.chancery.boundary.limits;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.keyring.KeyedHash;
import java.sql.SQLTimeoutException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The table {@code limits.bucket}, shared by all processes of an installation. */
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
        return inTime(() -> {
            KeyedHash key = hashKey;
            if (key == null) {
                key = new KeyedHash(readKey());
                hashKey = key;
            }
            return take(bucket.hash(key), rate, want);
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

    /** Removes buckets that have been full for a while: they say nothing. */
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
