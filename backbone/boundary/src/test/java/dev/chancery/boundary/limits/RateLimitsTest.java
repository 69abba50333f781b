package dev.chancery.boundary.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Caller;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.options.v1.RateClass;
import dev.chancery.testkit.Backing;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The limits on a real table; two of them are two processes: they share nothing else. */
class RateLimitsTest {
    private static final Database DATABASE = Backing.database("limits");
    private static final LimitOptions FEW = new LimitOptions(
            Rate.of("8/h burst 8"),
            Rate.of("40/h burst 40"),
            Rate.of("400/h burst 400"),
            Rate.NONE,
            Rate.NONE,
            Rate.of("20/h burst 20"),
            Rate.NONE,
            Rate.of("5/h burst 5"),
            Rate.of("6/h burst 6"),
            Rate.of("4/h burst 4"),
            30,
            Optional.empty());

    private final RateLimits one = new RateLimits(FEW, DATABASE, DatabaseRole.ACCESS);
    private final RateLimits other = new RateLimits(FEW, DATABASE, DatabaseRole.DECISIONS);
    private final String tenant = UUID.randomUUID().toString();

    @Test
    void twoProcessesShareABucket() throws Exception {
        Principal ada = of(Principal.Type.USER);
        List<Callable<Boolean>> calls = IntStream.range(0, 64)
                .<Callable<Boolean>>mapToObj(
                        i -> () -> admits(i % 2 == 0 ? one : other, RateClass.RATE_CLASS_READ, ada))
                .toList();

        long admitted;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            admitted = threads.invokeAll(calls).stream()
                    .filter(call -> call.resultNow())
                    .count();
        }

        // Its burst: what one holds the other may lack, but never is it more, and whoever goes on asking gets it all.
        assertThat(admitted).isEqualTo(8);
    }

    @Test
    void theStrictestOfSeveralLimitsDecides() {
        Principal service = of(Principal.Type.SERVICE);
        long admitted = IntStream.range(0, 50)
                .filter(i -> admits(one, RateClass.RATE_CLASS_READ, service))
                .count();

        assertThat(admitted).isEqualTo(20);
        assertThat(refusal(() -> one.admit(RateClass.RATE_CLASS_READ, service))
                        .refused()
                        .details())
                .containsEntry("limit", "tenant")
                .containsEntry("quota", "20")
                .containsEntry("window", "3600");
    }

    @Test
    void aFailedSignInCountsByNameAndByAddressAndAGoodOneDoesNot() throws Exception {
        String name = UUID.randomUUID().toString();
        for (int i = 0; i < 20; i++) {
            one.signIn(from("192.0.2.1")).giveBack();
        }
        for (int i = 0; i < 5; i++) {
            one.signInFailed(name, from("192.0.2.1"));
        }

        assertThat(refusal(() -> other.signInFailed(name, from("192.0.2.1")))
                        .refused()
                        .details())
                .containsEntry("limit", "sign-ins-by-name");
        for (int i = 0; i < 6; i++) {
            other.signIn(from("198.51.100.9"));
        }
        assertThat(refusal(() -> one.signIn(from("198.51.100.9"))).refused().details())
                .containsEntry("limit", "sign-ins-by-address");
    }

    @Test
    void anAddressWithManyBadTokensIsRefusedBeforeTheNextIsLookedAt() throws Exception {
        for (int i = 0; i < 5; i++) {
            one.requireFewFailures(from("203.0.113.7"));
            one.failed("203.0.113.7");
        }

        assertThat(refusal(() -> one.requireFewFailures(from("203.0.113.7"))).rejection())
                .isEqualTo(BoundaryRejection.RATE_LIMITED);
        one.requireFewFailures(from("203.0.113.8"));
    }

    @Test
    void withoutItsTableItRefusesStrangersSignInsAndHasAQuarterForOthers() throws Exception {
        var nowhere = Database.pooled(DatabaseAccess.byPassword("127.0.0.1", 1, "nowhere", role -> "none"), 2);
        try (nowhere;
                var limits = new RateLimits(FEW, nowhere, DatabaseRole.ACCESS)) {
            Principal ada = of(Principal.Type.USER);

            assertThat(refusal(() -> limits.signIn(from("192.0.2.1"))).rejection())
                    .isEqualTo(BoundaryRejection.UNAVAILABLE);
            assertThat(refusal(() -> limits.signInFailed("ada", from("192.0.2.1")))
                            .rejection())
                    .isEqualTo(BoundaryRejection.UNAVAILABLE);
            limits.requireFewFailures(from("192.0.2.1"));
            long admitted = IntStream.range(0, 20)
                    .filter(i -> admits(limits, RateClass.RATE_CLASS_READ, ada))
                    .count();
            assertThat(admitted).isEqualTo(2);
        }
    }

    @Test
    void bucketsThatAreFullForTenMinutesAreRemoved() throws Exception {
        assertThat(admits(one, RateClass.RATE_CLASS_READ, of(Principal.Type.USER)))
                .isTrue();
        DATABASE.transaction(DatabaseRole.ACCESS, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate("UPDATE limits.bucket SET full_micros = full_micros - 5000000000");
            }
        });

        new SharedBuckets(DATABASE, DatabaseRole.DECISIONS).sweep();

        assertThat(buckets()).isZero();
    }

    private static int buckets() {
        return DATABASE.transaction(DatabaseRole.ACCESS, connection -> {
            try (var query = connection.createStatement().executeQuery("SELECT count(*) FROM limits.bucket")) {
                query.next();
                return query.getInt(1);
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1, c0000201",
        "2001:db8:0:1:aaaa:bbbb:cccc:dddd, 20010db800000001",
        "2001:db8:0:1::1, 20010db800000001",
        "127.0.0.1,",
        "::1,",
        "'',"
    })
    void anIpv6NetworkIsOneAddressAndTheLoopbackNone(String address, String network) {
        assertThat(RateLimits.network(address)).isEqualTo(Optional.ofNullable(network));
    }

    @Test
    void aRateIsWrittenInOneWay() {
        assertThat(Rate.of("3/h burst 10").microsAToken()).isEqualTo(1_200_000_000);
        assertThat(Rate.of("none").limits()).isFalse();
        for (String wrong : List.of("", "0/min burst 1", "5/min", "5/min burst 0", "5/day burst 1", "-1/s burst 1")) {
            assertThatThrownBy(() -> Rate.of(wrong)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private Principal of(Principal.Type type) {
        return new Principal(
                type, UUID.randomUUID().toString(), tenant, Optional.empty(), "", Optional.empty(), Instant.EPOCH);
    }

    private static Caller from(String address) {
        return new Caller(
                "request", Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), address, "test");
    }

    private static boolean admits(RateLimits limits, RateClass rateClass, Principal who) {
        try {
            limits.admit(rateClass, who);
            return true;
        } catch (RefusedException e) {
            return false;
        }
    }

    private interface Call {
        void run() throws RefusedException;
    }

    private static RefusedException refusal(Call call) {
        try {
            call.run();
        } catch (RefusedException e) {
            return e;
        }
        throw new AssertionError("not refused");
    }
}
