package dev.chancery.retention;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.Feature;
import dev.chancery.keyring.Eraser;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Looks twice a second for subjects whose erasure can go on, in every organisation, and every few seconds for those whose retention period is
 * over. Several processes may: what one has done, the others find
 * done. A subject that can't go on holds up no other, and an organisation's subjects no other organisation's.
 *
 * <p>Keys above those that were destroyed are replaced soon after, for all organisations at once, by a thread of its own: it holds up no
 * erasure, however many keys there are. What was replaced is destroyed at the horizon, and not before it had been replaced for half of that
 * time, so that a process that was down gives an operator time, too.
 *
 * <p><b>Limits:</b> {@value #MAX_ROUND} subjects in one round, {@value #MAX_OF_ONE} of one organisation, those first whose keys are not
 * destroyed, otherwise in no order; one replacement in an eighth of the horizon.
 */
final class ErasureWorker implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ErasureWorker.class);
    private static final long INTERVAL_MILLIS = 500;

    /** How long what failed, or comes later, is left alone. */
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** After how long without another attempt it is taken that another process has ended what failed here, or comes later. */
    private static final long FORGET_NANOS = TimeUnit.MINUTES.toNanos(1);

    /** How often an operator is told the same in the log. */
    private static final long TELL_NANOS = TimeUnit.HOURS.toNanos(1);

    /** How often it is looked whether what an operator should know has changed. */
    private static final long HEALTH_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** How often it is looked for what is kept no longer. */
    private static final long COLLECT_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Subjects looked at in one round. */
    static final int MAX_ROUND = 1_000;

    /** Subjects of one organisation looked at in one round, so that what is stuck there holds up no other. */
    static final int MAX_OF_ONE = 50;

    /** Replacements within one horizon: the ring's versions that are alive are a few more. */
    private static final int REPLACEMENTS = 8;

    /** How long after the horizon it is not called missed. */
    private static final long GRACE_MICROS = 60_000_000;

    private static final String NOW = "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint";
    private static final String COLLECTION = "collection of what is kept no longer";
    private static final String REPLACEMENT = "replacement of the keys above";

    private final Database database;
    private final Collector collector;
    private final SubjectEraser eraser;
    private final Eraser keys;
    private final Duration horizon;
    private final ScheduledExecutorService clock = thread("eraser");
    private final ScheduledExecutorService replacer = thread("key-replacer");
    /** What failed, and when it is tried again, by System.nanoTime. */
    private final Map<Object, Long> failed = new ConcurrentHashMap<>();
    /** What comes later, and when it is looked at again. */
    private final Map<Who, Long> later = new ConcurrentHashMap<>();
    /** What is known to be replaced. */
    private final Map<String, Eraser.Above> replaced = new ConcurrentHashMap<>();

    private volatile Health health = new Health(Optional.empty(), Optional.empty(), 0);
    private long healthAt = System.nanoTime() - HEALTH_NANOS;
    private long collectedAt = System.nanoTime() - COLLECT_NANOS;
    private long toldAt = System.nanoTime() - TELL_NANOS;

    private record Open(String tenant, String subject, int retention, String request) {}

    private record Who(String tenant, String subject) {}

    /**
     * What an operator should know.
     *
     * @param missed classes of subjects whose horizon has passed although the keys above are not gone
     */
    private record Health(Optional<String> unchangeable, Optional<String> uncopied, long missed) {
        Stream<String> warnings() {
            return Stream.of(
                            unchangeable,
                            uncopied,
                            missed == 0
                                    ? Optional.<String>empty()
                                    : Optional.of("erasures whose horizon has passed and is not met: " + missed))
                    .flatMap(Optional::stream);
        }
    }

    /** @param keys what {@code eraser} destroys keys with */
    ErasureWorker(Database database, SubjectEraser eraser, Eraser keys, Duration horizon) {
        this.database = database;
        this.collector = new Collector(database);
        this.eraser = eraser;
        this.keys = keys;
        this.horizon = horizon;
    }

    private static ScheduledExecutorService thread(String name) {
        return Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name(name).factory());
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::erase, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
        var _ = replacer.scheduleWithFixedDelay(this::replaceKeys, 0, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** What the two threads do, one after the other: a test's. */
    void round() {
        erase();
        replaceKeys();
    }

    private void erase() {
        survive(() -> {
            List<Open> open = open();
            for (Open asked :
                    open.stream().filter(each -> each.retention() == 0).toList()) {
                attempt(asked, () -> eraser.answer(asked.tenant(), asked.subject(), asked.request()));
            }
            attempt(COLLECTION, this::collect);
            Set<Who> subjects = new LinkedHashSet<>();
            open.stream()
                    .filter(each -> each.retention() > 0)
                    .forEach(each -> subjects.add(new Who(each.tenant(), each.subject())));
            subjects.forEach(who -> attempt(who, () -> advance(who)));
            forget(failed, System.nanoTime());
            forget(later, System.nanoTime());
        });
    }

    private void replaceKeys() {
        survive(() -> {
            attempt(REPLACEMENT, this::replace);
            look();
        });
    }

    private static void survive(Runnable look) {
        try {
            look.run();
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("Eraser could not work: cause=%s", e);
        }
    }

    static void forget(Map<?, Long> again, long now) {
        again.values().removeIf(at -> now - at > FORGET_NANOS);
    }

    private void collect() {
        if (System.nanoTime() - collectedAt < COLLECT_NANOS) {
            return;
        }
        collector.due().forEach(due -> attempt(due, () -> eraser.retire(due.tenant(), due.subject())));
        collectedAt = System.nanoTime();
    }

    private void advance(Who who) {
        Long again = later.get(who);
        if (again != null && again - System.nanoTime() > 0) {
            return;
        }
        later.remove(who);
        eraser.destroy(who.tenant(), who.subject());
        if (!eraser.complete(who.tenant(), who.subject(), horizon.dividedBy(2))) {
            later.put(who, System.nanoTime() + Math.min(RETRY_NANOS, horizon.toNanos() / REPLACEMENTS));
        }
    }

    /** Replaces the keys above all that was destroyed, unless that was done a moment ago: then all that come meanwhile share the next. */
    private void replace() {
        Map<String, Eraser.Above> beyond = new HashMap<>();
        destroyed().forEach((tenant, above) -> {
            if (!above.equals(replaced.get(tenant))) {
                if (keys.isReplaced(tenant, above)) {
                    replaced.put(tenant, above);
                } else {
                    beyond.put(tenant, above);
                }
            }
        });
        if (beyond.isEmpty() || keys.sinceReplaced().filter(this::isTooSoon).isPresent()) {
            return;
        }
        keys.replace(beyond);
        replaced.putAll(beyond);
    }

    private boolean isTooSoon(Duration sinceReplaced) {
        return sinceReplaced.compareTo(horizon.dividedBy(REPLACEMENTS)) < 0;
    }

    /** By organisation, the versions that wrapped what is destroyed and not completed. */
    private Map<String, Eraser.Above> destroyed() {
        Map<String, Eraser.Above> above = database.transaction(DatabaseRole.RETENTION, connection -> {
            try (var select =
                            connection.prepareStatement("SELECT tenant, max(tenant_key), max(ring) FROM retention.open"
                                    + " WHERE ring > 0 GROUP BY tenant");
                    var rows = select.executeQuery()) {
                Map<String, Eraser.Above> found = new HashMap<>();
                while (rows.next()) {
                    found.put(rows.getString(1), new Eraser.Above(rows.getInt(2), rows.getInt(3)));
                }
                return found;
            }
        });
        replaced.keySet().retainAll(above.keySet());
        return above;
    }

    /** What an operator should know: kept for who asks, and told in the log now and then. */
    private void look() {
        long now = System.nanoTime();
        if (now - healthAt < HEALTH_NANOS) {
            return;
        }
        healthAt = now;
        Eraser.RingHealth ring = keys.ringHealth();
        health = new Health(ring.unchangeable(), ring.uncopied(), missed());
        String warnings = health.warnings().collect(Collectors.joining("; "));
        if (!warnings.isEmpty() && now - toldAt >= TELL_NANOS) {
            toldAt = now;
            LOG.warnf("Operator is needed: %s", warnings);
        }
    }

    private long missed() {
        return database.transaction(DatabaseRole.RETENTION, connection -> {
            try (var select = connection.prepareStatement("SELECT count(*) FROM retention.open WHERE class > 0"
                            + " AND due_micros > 0 AND due_micros + " + GRACE_MICROS + " <= " + NOW);
                    var found = select.executeQuery()) {
                found.next();
                return found.getLong(1);
            }
        });
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
            try (var select = connection.prepareStatement("SELECT tenant, subject::text, class, request FROM"
                            + " (SELECT *, row_number() OVER (PARTITION BY tenant ORDER BY ring > 0, random()) AS place"
                            + " FROM retention.open WHERE due_micros <= " + NOW + ") AS ranked WHERE place <= "
                            + MAX_OF_ONE + " ORDER BY place, random() LIMIT " + MAX_ROUND);
                    var rows = select.executeQuery()) {
                List<Open> open = new ArrayList<>();
                while (rows.next()) {
                    open.add(new Open(rows.getString(1), rows.getString(2), rows.getInt(3), rows.getString(4)));
                }
                return open;
            }
        });
    }

    List<String> warnings() {
        Stream<String> stuck = failed.isEmpty()
                ? Stream.empty()
                : Stream.of("erasures that don't go on: " + failed.size() + "; the log says why");
        return Stream.concat(stuck, health.warnings()).toList();
    }

    List<Feature.Measure> measures() {
        return List.of(
                new Feature.Measure(
                        "chancery.retention.horizon.missed",
                        "Erasures whose horizon has passed although the keys above are not gone",
                        () -> health.missed()),
                new Feature.Measure(
                        "chancery.retention.ring.uncopied",
                        "1 while nobody has said that the newest keys of the sealer are backed up, otherwise 0",
                        () -> health.uncopied().isPresent() ? 1 : 0),
                new Feature.Measure(
                        "chancery.retention.ring.unchangeable",
                        "1 while the sealer's keys can't be replaced, so that no erasure completes, otherwise 0",
                        () -> health.unchangeable().isPresent() ? 1 : 0));
    }

    @Override
    public void close() {
        clock.shutdownNow();
        replacer.shutdownNow();
    }
}
