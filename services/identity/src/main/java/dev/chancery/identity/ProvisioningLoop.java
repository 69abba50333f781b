package dev.chancery.identity;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.LogRejection;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Creates the log of every new organisation, retries once a second until it succeeds, and at start-up picks up organisations that a
 * crash left without one. At start-up every log also adopts the contract that this build serves.
 *
 * <p>About every minute it looks through all organisations, for one that another process created before it died, or whose creation was
 * committed although the answer was lost. An organisation whose log can't be appended to (it is stopped or busy, or the relay is behind)
 * is left for the next round and holds up no other.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_TRIED} tried a round; {@value #MAX_WAITING} waiting, and more wait for the
 * next look; {@value #MAX_KNOWN} remembered as having their log, and a look tries the others again, which changes nothing.
 */
final class ProvisioningLoop implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(ProvisioningLoop.class);
    private static final long INTERVAL_MILLIS = 1_000;
    private static final Duration LOOK = Duration.ofMinutes(1);
    private static final int CLOSE_SECONDS = 10;

    /** Organisations that one round tries to found. */
    static final int MAX_TRIED = 100;

    /** Organisations that wait for their log. */
    static final int MAX_WAITING = 10_000;

    /** Organisations that are remembered as having their log. */
    static final int MAX_KNOWN = 100_000;

    private final OrganisationProvisioner founder;
    private final SequencedSet<StreamId> waiting = new LinkedHashSet<>();
    /** Organisations that are known to have their log; the eldest makes room. */
    private final Set<StreamId> founded = Collections.newSetFromMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<StreamId, Boolean> eldest) {
            return size() > MAX_KNOWN;
        }
    });

    private final long lookNanos;
    private long lookDueNanos;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("foundings").factory());

    ProvisioningLoop(OrganisationProvisioner founder) {
        this(founder, LOOK);
    }

    /** @param look from the end of one look through all organisations to the next */
    ProvisioningLoop(OrganisationProvisioner founder, Duration look) {
        this.founder = founder;
        this.lookNanos = look.toNanos();
    }

    /** Founds what is not founded, has every other log adopt the contract, and begins the rounds. */
    void start() {
        founder.organisations(this::settle);
        lookDueNanos = System.nanoTime() + lookNanos;
        var _ = clock.scheduleWithFixedDelay(this::round, INTERVAL_MILLIS, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Only what is founded adopts: a contract in a log that another process is founding would come before its first grant. */
    private void settle(StreamId organisation) {
        if (!found(organisation)) {
            return;
        }
        try {
            founder.adopt(OrganisationProvisioner.tenant(organisation));
        } catch (RuntimeException e) {
            LOG.warnf("Contract not adopted: stream=%s cause=%s", organisation.value(), e);
        }
    }

    /** Founds an organisation now, or else in one of the next rounds; answers whether it is founded. */
    boolean found(StreamId organisation) {
        Optional<Rejection> refused = tried(organisation);
        refused.ifPresent(why -> {
            LOG.warnf("Organisation not founded yet: stream=%s code=%s", organisation.value(), why.code());
            await(organisation);
        });
        return refused.isEmpty();
    }

    private void round() {
        try {
            for (StreamId organisation : taken()) {
                if (clock.isShutdown() || tried(organisation).isPresent()) {
                    await(organisation);
                }
            }
            if (System.nanoTime() - lookDueNanos >= 0) {
                founder.organisations(this::look);
                lookDueNanos = System.nanoTime() + lookNanos;
            }
        } catch (RuntimeException | Error e) {
            // A schedule ends with the first exception that leaves it.
            LOG.warnf("No round of foundings: cause=%s", e);
        }
    }

    private void look(StreamId organisation) {
        boolean known;
        synchronized (founded) {
            known = founded.contains(organisation);
        }
        if (!known && !clock.isShutdown()) {
            found(organisation);
        }
    }

    /** The turn of those that have waited longest. */
    private List<StreamId> taken() {
        synchronized (waiting) {
            List<StreamId> taken = waiting.stream().limit(MAX_TRIED).toList();
            taken.forEach(waiting::remove);
            return taken;
        }
    }

    /** One organisation that can't be founded must not keep the others from their log. */
    private Optional<Rejection> tried(StreamId organisation) {
        try {
            Optional<Rejection> refused = founder.found(organisation);
            if (refused.isEmpty()) {
                synchronized (founded) {
                    founded.add(organisation);
                }
            }
            return refused;
        } catch (RuntimeException e) {
            LOG.warnf("Organisation could not be founded: stream=%s cause=%s", organisation.value(), e);
            return Optional.of(LogRejection.UNAVAILABLE);
        }
    }

    private void await(StreamId organisation) {
        synchronized (waiting) {
            if (waiting.size() < MAX_WAITING || waiting.contains(organisation)) {
                waiting.add(organisation);
                return;
            }
        }
        LOG.errorf("Organisation left for the next look: stream=%s", organisation.value());
    }

    /** Begins no more, and waits for what is being founded, at most ten seconds. */
    @Override
    public void close() {
        clock.shutdown();
        try {
            if (!clock.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                clock.shutdownNow();
            }
        } catch (InterruptedException e) {
            clock.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
