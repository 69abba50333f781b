package dev.chancery.boundary.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.function.LongSupplier;

/**
 * Tokens that this process has taken and not spent. A call spends one in memory; only when there is none left does it ask for the next
 * {@link Rate#batch}. A lease ends when the shared bucket has its tokens back, so that keeping them gains nothing.
 *
 * <p>Guarantee: of one identity, all processes together admit in any time t at most {@code burst + count * t / window + batch} calls. What
 * a process leases and doesn't spend, no other can spend either: a caller may be refused that much too early.
 *
 * <p><b>Thread safety:</b> safe; callers of one identity wait for one another while tokens are fetched. <b>Limits:</b> {@value #MAX_LEASES}
 * identities; one that makes room for another loses its lease.
 */
final class Leases {
    static final int MAX_LEASES = 20_000;

    private final Buckets buckets;
    private final LongSupplier nowMicros;
    private final Cache<BucketKey, Lease> held =
            Caffeine.newBuilder().maximumSize(MAX_LEASES).build();

    private static final class Lease {
        private int tokens;
        private long endsMicros = Long.MIN_VALUE;
        private long emptyUntilMicros = Long.MIN_VALUE;
    }

    /** @param nowMicros any clock that never goes back */
    Leases(Buckets buckets, LongSupplier nowMicros) {
        this.buckets = buckets;
        this.nowMicros = nowMicros;
    }

    /** Spends a token: 0, or for how many microseconds there is none. */
    long spend(BucketKey key, Rate rate) {
        Lease lease = held.get(key, unknown -> new Lease());
        synchronized (lease) {
            long now = nowMicros.getAsLong();
            if (lease.tokens > 0 && now < lease.endsMicros) {
                lease.tokens--;
                return 0;
            }
            if (now < lease.emptyUntilMicros) {
                return lease.emptyUntilMicros - now;
            }
            int batch = rate.batch();
            Buckets.Taken taken = buckets.take(key, rate, batch);
            if (taken.tokens() == 0) {
                lease.tokens = 0;
                lease.emptyUntilMicros = now + Math.max(1, taken.waitMicros());
                return lease.emptyUntilMicros - now;
            }
            lease.tokens = taken.tokens() - 1;
            lease.endsMicros = now + batch * rate.microsAToken();
            return 0;
        }
    }

    /** Gives back what {@link #spend} took for something that doesn't count. */
    void giveBack(BucketKey key, Rate rate) {
        Lease lease = held.get(key, unknown -> new Lease());
        synchronized (lease) {
            long now = nowMicros.getAsLong();
            if (now >= lease.endsMicros) {
                lease.tokens = 0;
                lease.endsMicros = now + rate.batch() * rate.microsAToken();
            }
            lease.tokens++;
        }
    }

    /** For how many microseconds it is known already that there is no token; 0: not known. */
    long knownEmpty(BucketKey key) {
        Lease lease = held.getIfPresent(key);
        if (lease == null) {
            return 0;
        }
        synchronized (lease) {
            long now = nowMicros.getAsLong();
            boolean has = lease.tokens > 0 && now < lease.endsMicros;
            return has || now >= lease.emptyUntilMicros ? 0 : lease.emptyUntilMicros - now;
        }
    }
}
