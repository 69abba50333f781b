package dev.chancery.projection;

import dev.chancery.projection.Foreign.Reason;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * Counts the messages that were passed over, by reason, and logs that there are such, at most once in {@link #QUIET}: no content, and
 * whoever writes the topic does not fill the log with it. The counts are saved with the offsets, so each message counts once.
 *
 * <p><b>Thread safety:</b> for one thread.
 */
final class Quarantine {
    /** Messages passed over in a partition since the last save. */
    record Count(long messages, long lastOffset) {}

    /** A row of the table. */
    record Key(int partition, Reason reason) {}

    static final Duration QUIET = Duration.ofMinutes(1);

    private static final Logger LOG = Logger.getLogger(Quarantine.class);

    private final String projection;
    private final Map<Key, Count> unsaved = new HashMap<>();
    /** By partition, the highest offset that counts already. */
    private final Map<Integer, Long> counted = new HashMap<>();

    private final Map<Reason, Long> sinceLogged = new EnumMap<>(Reason.class);
    private long quietUntilNanos = System.nanoTime();

    Quarantine(String projection) {
        this.projection = projection;
    }

    /** These partitions are read again from where they were saved, here or elsewhere. */
    void forget(Set<Integer> partitions) {
        unsaved.keySet().removeIf(key -> partitions.contains(key.partition()));
        counted.keySet().removeAll(partitions);
    }

    /** Goes on from what is saved, in the partitions that nothing is known of. */
    void begin(Map<Integer, Long> lastOffsets) {
        lastOffsets.forEach(counted::putIfAbsent);
    }

    void add(int partition, long offset, Reason reason) {
        if (offset <= counted.getOrDefault(partition, -1L)) {
            return;
        }
        counted.put(partition, offset);
        unsaved.merge(
                new Key(partition, reason),
                new Count(1, offset),
                (known, one) -> new Count(known.messages() + 1, one.lastOffset()));
        sinceLogged.merge(reason, 1L, Long::sum);
        long now = System.nanoTime();
        if (now - quietUntilNanos >= 0) {
            LOG.errorf(
                    "projection: messages that no source of this installation signed were passed over projection=%s counts=%s"
                            + " partition=%d offset=%d",
                    projection, sinceLogged, partition, offset);
            sinceLogged.clear();
            quietUntilNanos = now + QUIET.toNanos();
        }
    }

    Map<Key, Count> unsaved() {
        return unsaved;
    }

    void saved() {
        unsaved.clear();
    }
}
