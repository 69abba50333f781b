package dev.chancery.boundary.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Buckets in memory, by the same rule as the table's: a bucket is the moment at which it is full again.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_BUCKETS} buckets; one that makes room for another is full when it comes back.
 */
final class LocalBuckets implements Buckets {
    static final int MAX_BUCKETS = 20_000;

    private final LongSupplier nowMicros;
    private final Cache<BucketKey, Long> fullAt = Caffeine.newBuilder()
            .maximumSize(MAX_BUCKETS)
            .expireAfterWrite(Duration.ofHours(2))
            .build();

    /** @param nowMicros any clock that never goes back */
    LocalBuckets(LongSupplier nowMicros) {
        this.nowMicros = nowMicros;
    }

    @Override
    public Taken take(BucketKey key, Rate rate, int want) {
        var taken = new Taken[] {new Taken(0, 0)};
        fullAt.asMap().compute(key, (same, known) -> {
            long now = nowMicros.getAsLong();
            long full = known == null ? now : Math.max(known, now);
            long token = rate.microsAToken();
            long room = rate.burst() * token - (full - now);
            long tokens = Math.clamp(Math.floorDiv(room, token), 0, want);
            taken[0] = new Taken((int) tokens, tokens > 0 ? 0 : token - room);
            return full + tokens * token;
        });
        return taken[0];
    }
}
