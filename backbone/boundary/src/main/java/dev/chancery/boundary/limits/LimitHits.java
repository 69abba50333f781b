package dev.chancery.boundary.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.micrometer.core.instrument.Metrics;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * Says who reached a limit: each refusal is counted ({@code chancery_limits_hits}), and of each identity the first in a minute is logged.
 *
 * <p><b>Limits:</b> {@value #MAX_LINES} identities a minute are logged; the metric counts the others too.
 */
final class LimitHits {
    static final int MAX_LINES = 100;

    private static final Logger LOG = Logger.getLogger(LimitHits.class);

    private final Cache<String, Boolean> told = Caffeine.newBuilder()
            .maximumSize(MAX_LINES)
            .expireAfterWrite(Duration.ofMinutes(1))
            .build();

    /** @param identity without a name or an address in it */
    void note(String limit, String identity) {
        Metrics.counter("chancery.limits.hits", "limit", limit).increment();
        told.cleanUp();
        if (told.estimatedSize() < MAX_LINES && told.asMap().putIfAbsent(limit + " " + identity, true) == null) {
            LOG.warnf("Rate limit reached: limit=%s identity=%s", limit, identity);
        }
    }
}
