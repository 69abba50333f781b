package dev.chancery.rbac;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run makes of one thing that has versions, a role or a capability. A version that begins and ends at one position was never
 * there: only what a position came to counts.
 */
final class Versions<V> {
    /** @param to exclusive; null: still so */
    record Version<V>(V value, long from, @Nullable Long to) {}

    private final long first;
    private final List<Version<V>> versions = new ArrayList<>();

    /** @param first position of the first change: the version that stands in the table ends there */
    Versions(long first) {
        this.first = first;
    }

    long first() {
        return first;
    }

    List<Version<V>> versions() {
        return versions;
    }

    void put(long position, V value) {
        end(position);
        versions.add(new Version<>(value, position, null));
    }

    /** Ends what stands, if anything does. */
    void end(long position) {
        if (versions.isEmpty()) {
            return;
        }
        Version<V> last = versions.removeLast();
        if (last.to() != null) {
            versions.add(last);
        } else if (last.from() < position) {
            versions.add(new Version<>(last.value(), last.from(), position));
        }
    }
}
