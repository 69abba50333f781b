package dev.chancery.boundary.limits;

import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.options.v1.RateClass;
import dev.chancery.testkit.Backing;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Prints what counting a call costs, with the table on this machine. Run by name; how in docs/reference/performance.md. */
final class RateLimitsBenchmark {
    private static final int CALLS = 2_000_000;

    @Test
    void measures() throws Exception {
        var database = Backing.database("limits");
        Rate fast = Rate.of("1000000/s burst 1000000");
        var options = new LimitOptions(
                fast, fast, fast, fast, fast, fast, fast, Rate.NONE, Rate.NONE, Rate.NONE, 1, Optional.empty());
        var principal = new Principal(
                Principal.Type.SERVICE,
                UUID.randomUUID().toString(),
                UUID.randomUUID().toString(),
                Optional.empty(),
                "",
                Optional.empty(),
                Instant.EPOCH);
        try (var limits = new RateLimits(options, database, DatabaseRole.ACCESS);
                var table = new SharedBuckets(database, DatabaseRole.ACCESS)) {
            for (int round = 0; round < 5; round++) {
                long begun = System.nanoTime();
                for (int call = 0; call < CALLS; call++) {
                    limits.admit(RateClass.RATE_CLASS_COMMAND, principal);
                }
                System.out.printf("admit ns=%d%n", (System.nanoTime() - begun) / CALLS);
            }
            for (int round = 0; round < 3; round++) {
                var key = new BucketKey("round", Integer.toString(round));
                long begun = System.nanoTime();
                for (int call = 0; call < 2_000; call++) {
                    table.take(key, fast, 1);
                }
                System.out.printf("table us=%d%n", (System.nanoTime() - begun) / 2_000 / 1_000);
            }
        }
    }
}
