package dev.chancery.log;

import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.SqlBatch;
import dev.chancery.schema.log.v1.IntentRef;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Ends its feature's intents whose deadline has passed without an outcome, in every tenant: records them as ABANDONED, which frees
 * their idempotency keys. Whoever is still at work on one is refused by append. Several reapers may run: one wins each intent. It
 * also sweeps its feature's receipts that have expired.
 *
 * <p>A tenant whose log can't be appended to (stopped, or behind) is left for the next round and holds up no other.
 */
public final class Reaper implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Reaper.class);
    private static final long INTERVAL_MILLIS = 1_000;

    /** Intents read at a time. */
    static final int MAX_PAGE = 256;

    /** Receipts deleted in one transaction, and in one round as many transactions. */
    static final int MAX_SWEPT = 1_000;

    private static final int MAX_SWEEPS = 10;

    // The statement's time and not the clock's: what changes while a statement runs can't be looked up in an index.
    private static final String NOW = "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint";

    private record Late(String tenant, long position, Digest hash) {}

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
        this.feature = role.name();
        this.appender = appender;
        this.entryIds = entryIds;
        this.clock = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("reaper-" + feature).factory());
    }

    public void start() {
        var _ = clock.scheduleWithFixedDelay(this::round, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void round() {
        try {
            reap();
            sweep();
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("Reaper could not work: feature=%s cause=%s", feature, e);
        }
    }

    /** Ends the intents that are late now; answers how many it ended. */
    public int reap() {
        Set<String> passedOver = new HashSet<>();
        int ended = 0;
        List<Late> late;
        do {
            late = late(passedOver);
            for (Late intent : late) {
                if (!passedOver.contains(intent.tenant())) {
                    AppendResult result = abandon(intent);
                    if (result instanceof AppendResult.Appended) {
                        ended++;
                    } else if (!isEnded(result)) {
                        passedOver.add(intent.tenant());
                    }
                }
            }
        } while (late.size() == MAX_PAGE);
        return ended;
    }

    /** One intent that can't be ended must not keep the others from their end. */
    private AppendResult abandon(Late intent) {
        try {
            AppendResult result = appender.append(abandonment(intent));
            LOG.infof("Intent abandoned: tenant=%s position=%d result=%s", intent.tenant(), intent.position(), result);
            return result;
        } catch (RuntimeException e) {
            LOG.errorf(e, "Intent not abandoned: tenant=%s position=%d", intent.tenant(), intent.position());
            return new AppendResult.Refused(LogRejection.UNAVAILABLE);
        }
    }

    /** Somebody else was faster. */
    private static boolean isEnded(AppendResult result) {
        return result instanceof AppendResult.Refused refused
                && refused.rejection().equals(LogRejection.TOO_LATE);
    }

    private List<Late> late(Set<String> passedOver) {
        return database.transaction(role, connection -> {
            List<Late> late = new ArrayList<>();
            new SqlBatch()
                    .query(
                            row -> late.add(new Late(row.getString(1), row.getLong(2), new Digest(row.getBytes(3)))),
                            "SELECT tenant, position, hash FROM log.open_intent WHERE feature = ? AND deadline_micros <= "
                                    + NOW
                                    + " AND tenant <> ALL (?) ORDER BY deadline_micros, tenant, position LIMIT "
                                    + MAX_PAGE,
                            SqlBatch.text(feature),
                            SqlBatch.texts(passedOver, tenant -> tenant))
                    .execute(connection);
            return late;
        });
    }

    private Draft abandonment(Late late) {
        Statement statement = statementAt(late.tenant(), late.position()).toBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(entryIds.get()))
                .clearReason()
                .clearClient()
                .setOutcome(Outcome.newBuilder()
                        .setResult(Result.ABANDONED)
                        .setIntent(IntentRef.newBuilder()
                                .setPosition(late.position())
                                .setHash(UnsafeByteOperations.unsafeWrap(
                                        late.hash().bytes()))))
                .build();
        return new Draft(late.tenant(), statement, 0, List.of(), List.of(), Optional.empty(), Map.of());
    }

    private Statement statementAt(String tenant, long position) {
        List<Statement> found = new ArrayList<>();
        database.inTenant(role, tenant, connection -> {
            new SqlBatch()
                    .query(
                            row -> found.add(
                                    StoredRecord.parse(row.getBytes(1)).entry().knownStatement()),
                            "SELECT record FROM log.record WHERE tenant = ? AND position = ?",
                            SqlBatch.text(tenant),
                            SqlBatch.number(position))
                    .execute(connection);
            return true;
        });
        return found.getFirst();
    }

    /** Deletes receipts that have expired, of every tenant; answers how many. */
    int sweep() {
        int swept = 0;
        for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
            int deleted = sweepOnce();
            swept += deleted;
            if (deleted < MAX_SWEPT) {
                break;
            }
        }
        return swept;
    }

    // A reservation goes with its intent's outcome, not with time. The conditions stand twice: a receipt may be taken
    // into use again
    // between the choice and the deletion.
    private int sweepOnce() {
        String expired = "feature = ? AND expires_at_micros <= " + NOW + " AND (reply IS NOT NULL OR code IS NOT NULL)";
        return database.transaction(role, connection -> {
            try (var delete = connection.prepareStatement("DELETE FROM log.receipt WHERE " + expired
                    + " AND (tenant, key_hash) IN (SELECT tenant, key_hash FROM log.receipt WHERE " + expired
                    + " ORDER BY expires_at_micros LIMIT " + MAX_SWEPT + ")")) {
                delete.setString(1, feature);
                delete.setString(2, feature);
                return delete.executeUpdate();
            }
        });
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
