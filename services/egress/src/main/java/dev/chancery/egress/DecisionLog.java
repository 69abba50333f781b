package dev.chancery.egress;

import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.Target;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Puts decisions into the log at a rate that nobody can drive up: the first of a kind is recorded by itself, those that follow within
 * {@link #WINDOW} when that is over, as a count. A kind is a workspace, a principal, a host with its port, and a reason. What could not
 * be recorded is counted on. A crash loses the counts of the windows that are open, and no first one.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_HOSTS} hosts a workspace and window; what is beyond them is counted together,
 * without a host. {@value #MAX_WORKSPACES} workspaces at a time; beyond them a workspace's are counted under its organisation alone.
 */
final class DecisionLog implements AutoCloseable {
    static final Duration WINDOW = Duration.ofMinutes(1);
    static final int MAX_HOSTS = 100;
    static final int MAX_WORKSPACES = 10_000;

    /** As long as clear text in the log may be. */
    private static final int MAX_HOST_CHARS = 128;

    private static final long SWEEP_SECONDS = 1;
    private static final Logger LOG = Logger.getLogger(DecisionLog.class);

    private final String action;
    private final String feature;
    private final String streams;
    private final Events events;
    private final DecisionRecords records;
    private final Map<Place, Map<Kind, Window>> open = new HashMap<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("egress-records").factory());

    /** What is decided about, as the log names it. */
    record Subject(String workspace, String host, int port, String reason) {
        /** @param kind of data that was found */
        static Subject of(Proxied.Allowed allowed, String kind) {
            return new Subject(
                    allowed.workspace(),
                    named(allowed.target().host().text()),
                    allowed.target().port(),
                    kind);
        }

        static Subject of(String workspace, String url, EgressDecision decision) {
            int port = Target.parse(url) instanceof Target target ? target.port() : 0;
            return new Subject(
                    workspace, named(decision.host()), port, decision.reason().code());
        }

        static Subject of(String workspace, int port, EgressDecision decision) {
            return new Subject(
                    workspace, named(decision.host()), port, decision.reason().code());
        }

        /** Of a long name the end, where it says whose it is. */
        static String named(String host) {
            String end = host.substring(Math.max(0, host.length() - MAX_HOST_CHARS));
            return end.chars().allMatch(c -> c >= '!' && c <= '~') ? end : "";
        }

        private Subject together() {
            return new Subject(workspace, "", 0, reason);
        }
    }

    /** How often, and between when: Unix time in microseconds. */
    record Count(long times, long fromMicros, long untilMicros) {}

    /** Makes the event. */
    @FunctionalInterface
    interface Events {
        Message of(Subject subject, Count count);
    }

    private record Place(String tenant, String workspace) {}

    private record Kind(Subject subject, String principalId) {}

    private record Opened(Subject subject, Window window) {}

    private record Ended(Opened opened, Count count) {}

    /** What one principal did of one kind; {@code written} is its own lock's, the rest that of all windows. */
    private static final class Window {
        final Principal principal;
        final StreamId stream;
        final long openedNanos = System.nanoTime();
        long written;
        long times;
        long fromMicros;
        long untilMicros;

        Window(Principal principal, StreamId stream) {
            this.principal = principal;
            this.stream = stream;
        }

        void add(long atMicros, long more) {
            fromMicros = times == 0 ? atMicros : fromMicros;
            untilMicros = atMicros;
            times += more;
        }
    }

    /**
     * @param feature that records it
     * @param what the rest of the action's name: no feature records actions of another
     * @param streams the second part of the name of the streams that its events go to
     */
    DecisionLog(String feature, String what, String streams, Events events, DecisionRecords records) {
        this.action = feature + "." + what;
        this.feature = feature;
        this.streams = streams;
        this.events = events;
        this.records = records;
    }

    void start() {
        var _ = clock.scheduleWithFixedDelay(() -> sweep(WINDOW), SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
    }

    /** Notes a decision that stands whether it can be recorded now or not; waits for the record of the first of its kind. */
    void note(Principal principal, Subject subject) {
        long now = Clock.nowMicros();
        var once = new Count(1, now, now);
        counted(principal, subject, once)
                .filter(first -> !write(first, once))
                .ifPresent(first -> giveBack(new Ended(first, once)));
    }

    /**
     * Records a decision before something is done by it.
     *
     * @param times how often
     * @param each whether it gets a record of its own though it isn't the first of its kind
     * @return whether it is in the log, by itself or as one of those that will be counted
     */
    boolean record(Principal principal, Subject subject, long times, boolean each) {
        long now = Clock.nowMicros();
        var once = new Count(times, now, now);
        if (each) {
            return write(new Opened(subject, new Window(principal, stream())), once);
        }
        Optional<Opened> first = counted(principal, subject, once);
        if (first.isEmpty() || write(first.get(), once)) {
            return true;
        }
        // The next one is a first one again.
        synchronized (open) {
            open.values().forEach(there -> there.values().remove(first.get().window()));
        }
        return false;
    }

    /** The window that this one opened; empty if it was counted in one that is open. */
    private Optional<Opened> counted(Principal principal, Subject subject, Count once) {
        synchronized (open) {
            var place = new Place(principal.tenant(), subject.workspace());
            if (!open.containsKey(place) && open.size() >= MAX_WORKSPACES) {
                place = new Place(principal.tenant(), "");
            }
            Map<Kind, Window> there = open.computeIfAbsent(place, p -> new HashMap<>());
            var kind = new Kind(subject, principal.id());
            if (!there.containsKey(kind) && there.size() >= MAX_HOSTS) {
                kind = new Kind(subject.together(), principal.id());
            }
            Window known = there.get(kind);
            if (known != null) {
                known.add(once.untilMicros(), once.times());
                return Optional.empty();
            }
            var window = new Window(principal, stream());
            there.put(kind, window);
            return Optional.of(new Opened(kind.subject(), window));
        }
    }

    private StreamId stream() {
        return StreamId.of(feature, streams, UUID.randomUUID().toString());
    }

    private boolean write(Opened opened, Count count) {
        Window window = opened.window();
        synchronized (window) {
            try {
                boolean durable = records.happened(
                        window.principal,
                        action,
                        opened.subject().host(),
                        window.stream,
                        window.written,
                        events.of(opened.subject(), count));
                window.written += durable ? 1 : 0;
                return durable;
            } catch (RuntimeException e) {
                LOG.warnf("Decision not recorded: action=%s tenant=%s cause=%s", action, window.principal.tenant(), e);
                return false;
            }
        }
    }

    /** Records the counts of the windows that are over; what can't be recorded now is tried again. */
    private void sweep(Duration age) {
        List<Ended> ended = new ArrayList<>();
        synchronized (open) {
            open.values().forEach(there -> there.entrySet().removeIf(entry -> {
                Window window = entry.getValue();
                boolean over = System.nanoTime() - window.openedNanos >= age.toNanos();
                if (over && window.times > 0) {
                    ended.add(new Ended(
                            new Opened(entry.getKey().subject(), window),
                            new Count(window.times, window.fromMicros, window.untilMicros)));
                    window.times = 0;
                    return false;
                }
                return over;
            }));
            open.values().removeIf(Map::isEmpty);
        }
        for (Ended one : ended) {
            if (!write(one.opened(), one.count())) {
                giveBack(one);
            }
        }
    }

    private void giveBack(Ended ended) {
        synchronized (open) {
            Window window = ended.opened().window();
            window.fromMicros = ended.count().fromMicros();
            window.untilMicros = Math.max(window.untilMicros, ended.count().untilMicros());
            window.times += ended.count().times();
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
        sweep(Duration.ZERO);
    }
}
