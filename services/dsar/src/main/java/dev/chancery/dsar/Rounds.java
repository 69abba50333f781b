package dev.chancery.dsar;

import dev.chancery.command.Clock;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Principal;
import dev.chancery.log.LogCreation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Has every open request do its next steps, without anybody asking for it. Which requests are open it learns from the list; what is to be
 * done follows from the log. About every minute it looks through all organisations; one whose records were just listed it looks at at once.
 *
 * <p>Organisations take turns, one request each, beginning with whose last turn is longest ago, and none has more than its share at work: the
 * systems of one that don't answer hold up its own requests.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_AT_ONCE} requests at once, {@value #MAX_OF_ONE} of an organisation; {@value #PAGE}
 * open ones of an organisation in one query.
 */
final class Rounds implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Rounds.class);
    private static final long INTERVAL_MILLIS = 250;
    private static final long SOON_MILLIS = 20;
    private static final long LOOK_MILLIS = 60_000;

    /** An organisation with open requests is looked at this often, though nothing of it has moved. */
    private static final long AGAIN_MICROS = 10_000_000;

    /** Requests of subjects that are at work at once. */
    static final int MAX_AT_ONCE = 128;

    /** Those of one organisation: twice what one system gets at once, so that one that doesn't answer leaves room for its others. */
    static final int MAX_OF_ONE = 2 * Advancer.MAX_AT_A_HOLDER;

    static final int PAGE = 1_000;
    private static final String FIRST = "00000000-0000-0000-0000-000000000000";

    private final Database database;
    private final LogCreation logs;
    private final Advancer advancer;
    private final Moved moved;
    private final Map<String, Organisation> open = new ConcurrentHashMap<>();
    private final Set<String> working = ConcurrentHashMap.newKeySet();
    private final Semaphore places = new Semaphore(MAX_AT_ONCE);
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicLong lookedAt = new AtomicLong(-LOOK_MILLIS);
    private final AtomicLong turns = new AtomicLong();
    private final AtomicBoolean soon = new AtomicBoolean();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("dsar-rounds").factory());

    /** What a request was when its steps were done. */
    private record Seen(long position, long nextMicros) {}

    private record Row(String request, long position, long dueMicros) {}

    /** A request that can go on, and since when. */
    private record Due(Row row, long sinceMicros) {}

    /** What is known of an organisation's open requests. */
    private static final class Organisation {
        final Map<String, Seen> seen = new ConcurrentHashMap<>();
        final Semaphore places = new Semaphore(MAX_OF_ONE);
        /** Its last turn, counted over all organisations. */
        volatile long turn;

        volatile long overdue;
        volatile boolean moved = true;
        volatile long lookedMicros;

        Optional<Due> due(Row row, long nowMicros) {
            Seen known = seen.get(row.request());
            if (known == null) {
                return Optional.of(new Due(row, 0));
            }
            return known.position() != row.position() || known.nextMicros() <= nowMicros
                    ? Optional.of(new Due(row, Math.min(known.nextMicros(), nowMicros)))
                    : Optional.empty();
        }

        boolean isDue(long nowMicros) {
            return moved
                    || nowMicros - lookedMicros >= AGAIN_MICROS
                    || seen.values().stream().anyMatch(request -> request.nextMicros() <= nowMicros);
        }
    }

    /** The requests of an organisation that can go on, in this round. */
    private record Waiting(String tenant, Organisation organisation, Deque<Row> rows) {}

    Rounds(Database database, Advancer advancer, Moved moved) {
        this.database = database;
        this.logs = new LogCreation(database, DatabaseRole.DSAR);
        this.advancer = advancer;
        this.moved = moved;
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(this::round, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Open requests whose deadline has passed, over all organisations. */
    long overdue() {
        return open.values().stream().mapToLong(one -> one.overdue).sum();
    }

    private void round() {
        try {
            long now = TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
            if (now - lookedAt.get() >= LOOK_MILLIS) {
                organisations();
                lookedAt.set(now);
            }
            moved.taken().forEach(tenant -> open.computeIfAbsent(tenant, made -> new Organisation()).moved = true);
            List<Waiting> waiting = open.entrySet().stream()
                    .sorted(Comparator.comparingLong((Map.Entry<String, Organisation> each) -> each.getValue().turn))
                    .flatMap(each -> look(each.getKey(), each.getValue()).stream())
                    .toList();
            while (!waiting.isEmpty()) {
                waiting = waiting.stream().filter(this::turn).toList();
            }
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("No round of requests: cause=%s", e);
        }
    }

    private void organisations() {
        String prefix = "identity/organisation/";
        String after = "";
        List<String> page;
        do {
            page = logs.streams(Principal.INSTANCE, prefix, after, PAGE);
            for (String stream : page) {
                open.computeIfAbsent(stream.substring(prefix.length()), made -> new Organisation());
                after = stream;
            }
        } while (page.size() == PAGE);
        open.computeIfAbsent(Principal.INSTANCE, made -> new Organisation());
    }

    /** One organisation that can't be looked at must not keep the others from their turn. */
    private Optional<Waiting> look(String tenant, Organisation organisation) {
        long now = Clock.nowMicros();
        if (!organisation.isDue(now)) {
            return Optional.empty();
        }
        try {
            organisation.moved = false;
            organisation.lookedMicros = now;
            List<Row> rows = rows(tenant);
            if (rows.isEmpty()) {
                open.remove(tenant, organisation);
                return Optional.empty();
            }
            organisation.overdue =
                    rows.stream().filter(row -> row.dueMicros() <= now).count();
            organisation.seen.keySet().retainAll(rows.stream().map(Row::request).collect(Collectors.toSet()));
            // Whose time came first goes first: none of many waits for ever.
            return Optional.of(new Waiting(
                    tenant,
                    organisation,
                    rows.stream()
                            .flatMap(row -> organisation.due(row, now).stream())
                            .sorted(Comparator.comparingLong(Due::sinceMicros))
                            .map(Due::row)
                            .collect(Collectors.toCollection(ArrayDeque::new))));
        } catch (RuntimeException e) {
            LOG.warnf("Requests not looked at: tenant=%s cause=%s", tenant, e);
            return Optional.empty();
        }
    }

    /** Begins with one request; answers whether the organisation gets another turn in this round. */
    private boolean turn(Waiting waiting) {
        Organisation organisation = waiting.organisation();
        Row row = waiting.rows().poll();
        if (row == null) {
            return false;
        }
        String key = waiting.tenant() + "/" + row.request();
        if (clock.isShutdown() || !organisation.places.tryAcquire()) {
            organisation.moved = true;
            return false;
        }
        if (!places.tryAcquire()) {
            organisation.places.release();
            organisation.moved = true;
            return false;
        }
        if (!working.add(key)) {
            release(organisation);
            organisation.moved = true;
            return true;
        }
        organisation.turn = turns.incrementAndGet();
        advance(waiting.tenant(), key, row, organisation);
        return true;
    }

    private void release(Organisation organisation) {
        places.release();
        organisation.places.release();
    }

    private void advance(String tenant, String key, Row row, Organisation organisation) {
        workers.execute(() -> {
            long next = Clock.nowMicros() + LOOK_MILLIS * 1000;
            try {
                next = advancer.advance(tenant, row.request());
            } catch (RuntimeException e) {
                LOG.warnf("Request not advanced: tenant=%s request=%s cause=%s", tenant, row.request(), e);
            } finally {
                organisation.seen.put(row.request(), new Seen(row.position(), next));
                working.remove(key);
                release(organisation);
                if (organisation.moved) {
                    soon();
                }
            }
        });
    }

    /** A place is free, and others wait for one: they need not wait for the next round. */
    private void soon() {
        if (!clock.isShutdown() && soon.compareAndSet(false, true)) {
            try {
                var _ = clock.schedule(
                        () -> {
                            soon.set(false);
                            round();
                        },
                        SOON_MILLIS,
                        TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                LOG.debugf("No more rounds: cause=%s", e);
            }
        }
    }

    /** All that are open: those that wait for nobody must not hide those that can go on. */
    private List<Row> rows(String tenant) {
        var rows = new ArrayList<Row>();
        List<Row> page;
        do {
            page = page(tenant, rows.isEmpty() ? FIRST : rows.getLast().request());
            rows.addAll(page);
        } while (page.size() == PAGE);
        return rows;
    }

    private List<Row> page(String tenant, String after) {
        return database.inTenant(DatabaseRole.DSAR, tenant, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT request, position, due_micros FROM dsar.request WHERE tenant = ? AND request > ?::uuid"
                            + " AND ended_micros IS NULL ORDER BY request LIMIT " + PAGE)) {
                query.setString(1, tenant);
                query.setString(2, after);
                var rows = new ArrayList<Row>();
                try (var found = query.executeQuery()) {
                    while (found.next()) {
                        rows.add(new Row(found.getString(1), found.getLong(2), found.getLong(3)));
                    }
                }
                return rows;
            }
        });
    }

    @Override
    public void close() {
        clock.shutdownNow();
        workers.shutdownNow();
    }
}
