package dev.chancery.retention;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Looks twice a second for subjects whose erasure can go on, in every organisation. Several processes may: what one has done, the others find
 * done. A subject that can't go on holds up no other.
 */
final class ErasureWorker implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ErasureWorker.class);
    private static final long INTERVAL_MILLIS = 500;

    /** How long what failed is left alone. */
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Subjects looked at in one round. */
    private static final int MAX_ROUND = 1_000;

    private static final String NOW = "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint";

    private final Database database;
    private final SubjectEraser eraser;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("eraser").factory());
    /** What failed, and when it is tried again, by System.nanoTime. */
    private final Map<Object, Long> failed = new ConcurrentHashMap<>();

    private record Open(String tenant, String subject, int retention, String request) {}

    private record Who(String tenant, String subject) {}

    ErasureWorker(Database database, SubjectEraser eraser) {
        this.database = database;
        this.eraser = eraser;
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::round, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void round() {
        try {
            List<Open> open = open();
            for (Open asked :
                    open.stream().filter(each -> each.retention() == 0).toList()) {
                attempt(asked, () -> eraser.answer(asked.tenant(), asked.subject(), asked.request()));
            }
            Set<Who> subjects = new LinkedHashSet<>();
            open.stream()
                    .filter(each -> each.retention() > 0)
                    .forEach(each -> subjects.add(new Who(each.tenant(), each.subject())));
            for (Who who : subjects) {
                attempt(who, () -> {
                    eraser.destroy(who.tenant(), who.subject());
                    if (due(who)) {
                        eraser.complete(who.tenant(), who.subject());
                    }
                });
            }
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("Eraser could not work: cause=%s", e);
        }
    }

    private void attempt(Object what, Runnable step) {
        Long again = failed.get(what);
        if (again != null && again - System.nanoTime() > 0) {
            return;
        }
        try {
            step.run();
            failed.remove(what);
        } catch (SubjectEraser.NotAppended e) {
            LOG.debugf("Eraser goes on later: %s cause=%s", what, e.getMessage());
        } catch (RuntimeException e) {
            LOG.warnf(e, "Erasure does not go on: %s", what);
            failed.put(what, System.nanoTime() + RETRY_NANOS);
        }
    }

    private List<Open> open() {
        return database.transaction(DatabaseRole.RETENTION, connection -> {
            try (var select = connection.prepareStatement(
                            "SELECT tenant, subject::text, class, request FROM retention.open" + " WHERE due_micros <= "
                                    + NOW + " ORDER BY due_micros, tenant, subject LIMIT " + MAX_ROUND);
                    var rows = select.executeQuery()) {
                List<Open> open = new ArrayList<>();
                while (rows.next()) {
                    open.add(new Open(rows.getString(1), rows.getString(2), rows.getInt(3), rows.getString(4)));
                }
                return open;
            }
        });
    }

    /** Whether the keys above may go: not before half the horizon, which only a row says. */
    private boolean due(Who who) {
        return database.transaction(DatabaseRole.RETENTION, connection -> {
            try (var select =
                    connection.prepareStatement("SELECT EXISTS (SELECT FROM retention.open WHERE tenant = ? AND"
                            + " subject = ?::uuid AND class > 0 AND due_micros > 0 AND due_micros <= " + NOW + ")")) {
                select.setString(1, who.tenant());
                select.setString(2, who.subject());
                try (var found = select.executeQuery()) {
                    return found.next() && found.getBoolean(1);
                }
            }
        });
    }

    List<String> warnings() {
        return failed.isEmpty()
                ? List.of()
                : List.of("erasures that don't go on: " + failed.size() + "; the log says why");
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
