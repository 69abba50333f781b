package dev.chancery.log;

import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.log.v1.IntentRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Ends its feature's intents whose deadline has passed without an outcome, in every tenant: records them as ABANDONED and frees
 * their idempotency keys. Whoever is still at work on one is refused by append. Several reapers may run: one wins each intent.
 */
public final class Reaper implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Reaper.class);
    private static final long INTERVAL_MILLIS = 1_000;
    private static final int MAX_A_ROUND = 256;

    private record Late(String tenant, long position, byte[] hash, byte @Nullable [] key, byte[] row) {}

    private final Database database;
    private final DatabaseRole role;
    private final String feature;
    private final Appender appender;
    private final Supplier<byte[]> entryIds;
    private final ScheduledExecutorService clock;

    /** @param entryIds makes UUIDv7s as 16 bytes */
    public Reaper(Database database, DatabaseRole role, Appender appender, Supplier<byte[]> entryIds) {
        this.database = database;
        this.role = role;
        this.feature = role.name().toLowerCase(Locale.ROOT);
        this.appender = appender;
        this.entryIds = entryIds;
        this.clock = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("reaper-" + feature).factory());
    }

    public void start() {
        clock.scheduleWithFixedDelay(this::round, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void round() {
        try {
            while (reap() == MAX_A_ROUND) {
                LOG.infof("Reaper has more to do: feature=%s", feature);
            }
        } catch (RuntimeException e) {
            LOG.warnf("Reaper could not work: feature=%s cause=%s", feature, e.getMessage());
        }
    }

    /** Ends the intents that are late now; answers how many were found. */
    public int reap() {
        List<Late> late = late();
        for (Late intent : late) {
            AppendResult result = appender.append(abandonment(intent));
            LOG.infof(
                    "Intent abandoned: tenant=%s position=%d result=%s",
                    intent.tenant(), intent.position(), result.getClass().getSimpleName());
        }
        return late.size();
    }

    private List<Late> late() {
        List<Late> found = new ArrayList<>();
        database.transaction(role, connection -> {
            try (var query = connection.prepareStatement("SELECT tenant, position, hash, key_hash FROM log.open_intent"
                    + " WHERE feature = ? AND deadline_micros <= (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
                    + " ORDER BY deadline_micros LIMIT " + MAX_A_ROUND)) {
                query.setString(1, feature);
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        found.add(new Late(
                                rows.getString(1), rows.getLong(2), rows.getBytes(3), rows.getBytes(4), new byte[0]));
                    }
                }
            }
            return found.size();
        });
        return found.stream()
                .map(intent -> new Late(intent.tenant(), intent.position(), intent.hash(), intent.key(), row(intent)))
                .toList();
    }

    private byte[] row(Late intent) {
        return database.inTenant(role, intent.tenant(), connection -> {
            try (var query =
                    connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? AND position = ?")) {
                query.setString(1, intent.tenant());
                query.setLong(2, intent.position());
                try (var row = query.executeQuery()) {
                    row.next();
                    return row.getBytes(1);
                }
            }
        });
    }

    private Draft abandonment(Late late) {
        Statement intent = StoredRecord.parse(late.row()).entry().statement();
        Statement.Builder statement = intent.toBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(entryIds.get()))
                .clearReason()
                .clearClient()
                .setOutcome(Outcome.newBuilder()
                        .setResult(Result.ABANDONED)
                        .setIntent(IntentRef.newBuilder()
                                .setPosition(late.position())
                                .setHash(UnsafeByteOperations.unsafeWrap(late.hash()))));
        byte[] key = late.key();
        Optional<Receipt> receipt = key == null
                ? Optional.empty()
                : Optional.of(new Receipt(
                        new Digest(key), new Digest(intent.getRequestHash().toByteArray()), new Receipt.Release(), 0));
        return new Draft(late.tenant(), statement.build(), 0, List.of(), List.of(), receipt, Map.of());
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
