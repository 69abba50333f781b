package dev.chancery.boundary.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.Caller;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.SiteVerifyServer;
import dev.chancery.testkit.SiteVerifyServer.Answer;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Strangers who go on by a challenge: a provider that answers over HTTP, the real table, and two processes that share nothing else. */
class ChallengesTest {
    private static final Database DATABASE = Backing.database("limits");
    private static final String HOST = "sign-in.kestrel.example";
    private static final String SECRET = "0x4AAA" + "-made-up";
    private static final int BURST = 6;
    private static final Rate FEW = Rate.of(BURST + "/h burst " + BURST);
    private static final LimitOptions LIMITS = new LimitOptions(
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            FEW,
            FEW,
            FEW,
            30,
            Optional.empty());

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final String name = UUID.randomUUID().toString();

    @TempDir
    private Path directory;

    private SiteVerifyServer provider;
    private RateLimits one;
    private RateLimits other;

    @BeforeEach
    void twoProcesses() throws IOException {
        Metrics.addRegistry(meters);
        provider = new SiteVerifyServer(HOST);
        one = process(provider.url());
        other = process(provider.url());
    }

    @AfterEach
    void close() {
        one.close();
        other.close();
        provider.close();
        Metrics.removeRegistry(meters);
    }

    private RateLimits process(URI url) throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), SECRET + "\n");
        var challenge = new ChallengeOptions("turnstile", url, "site-1", secret, HOST, Duration.ofSeconds(1));
        return new RateLimits(LIMITS.with(challenge), DATABASE, DatabaseRole.ACCESS);
    }

    /** Uses the bucket up in each process. */
    private void blocked() {
        for (RateLimits process : List.of(one, other)) {
            IntStream.rangeClosed(0, BURST).forEach(i -> fails(process, ""));
        }
    }

    private Map<String, String> fails(RateLimits process, String token) {
        return fails(process, token, "192.0.2.1");
    }

    /** A failed sign-in under the name: what the refusal says, or nothing where it counts as another failure. */
    private Map<String, String> fails(RateLimits process, String token, String address) {
        return refusal(() -> process.signInFailed(name, from(address, token)));
    }

    private static Caller from(String address, String token) {
        return new Caller(
                "request",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(token).filter(sent -> !sent.isEmpty()),
                address,
                "test");
    }

    private interface Call {
        void run() throws RefusedException;
    }

    private static Map<String, String> refusal(Call call) {
        try {
            call.run();
            return Map.of();
        } catch (RefusedException e) {
            assertThat(e.rejection()).isEqualTo(BoundaryRejection.RATE_LIMITED);
            return e.refused().details();
        }
    }

    private static String token() {
        return "token-" + UUID.randomUUID();
    }

    @Test
    void whoHasUsedUpALimitIsOfferedAChallengeGoesOnForHalfOfItAndIsBlockedThen() {
        blocked();
        assertThat(fails(one, ""))
                .containsEntry("limit", "sign-ins-by-name")
                .containsEntry("challenge", "turnstile")
                .containsEntry("challenge_site_key", "site-1");

        String token = token();
        assertThat(fails(one, token)).isEmpty();
        for (int i = 1; i < BURST / 2; i++) {
            assertThat(fails(one, "")).isEmpty();
        }

        assertThat(provider.asked())
                .containsExactly(Map.of("secret", SECRET, "response", token, "remoteip", "192.0.2.1"));
        assertThat(fails(one, "")).containsKey("retry_after").doesNotContainKey("challenge");
        assertThat(fails(one, token())).doesNotContainKey("challenge").isNotEmpty();
        assertThat(fails(other, token())).doesNotContainKey("challenge").isNotEmpty();
        assertThat(provider.asked()).hasSize(1);
    }

    @Test
    void aSignInAndACallWithoutATokenGoOnFromTheirAddress() {
        String address = "2001:db8:7:%x::1".formatted(name.hashCode() & 0xffff);
        for (int i = 0; i < BURST; i++) {
            assertThat(refusal(() -> one.signIn(from(address, "")))).isEmpty();
            one.failed(address);
        }
        one.failed(address);

        for (Call call : List.<Call>of(
                () -> one.signIn(from(address, token())), () -> one.requireFewFailures(from(address, token())))) {
            assertThat(refusal(call)).isEmpty();
        }
        for (Call call :
                List.<Call>of(() -> one.signIn(from(address, "")), () -> one.requireFewFailures(from(address, "")))) {
            assertThat(refusal(call)).isEmpty();
            assertThat(refusal(call)).isEmpty();
            assertThat(refusal(call)).isNotEmpty().doesNotContainKey("challenge");
        }
    }

    /** The provider here says yes each time. */
    @Test
    void aTokenCountsOnceInWhateverProcess() {
        String token = token();
        List<String> names = IntStream.range(0, 8).mapToObj(i -> name + i).toList();
        for (String each : names) {
            for (RateLimits process : List.of(one, other)) {
                IntStream.rangeClosed(0, BURST)
                        .forEach(i -> refusal(() -> process.signInFailed(each, from("192.0.2.1", ""))));
            }
        }

        long opened = IntStream.range(0, 8)
                .filter(i -> refusal(
                                () -> (i % 2 == 0 ? one : other).signInFailed(names.get(i), from("192.0.2.1", token)))
                        .isEmpty())
                .count();

        assertThat(opened).isOne();
        assertThat(provider.asked()).hasSize(8);
    }

    @Test
    void whatOneProcessOpensTheOtherSpendsAndBothNoMoreThanThereIs() {
        IntStream.range(0, BURST).forEach(i -> fails(one, ""));
        assertThat(fails(one, token())).isEmpty();

        assertThat(IntStream.range(0, 8)
                        .filter(i -> fails(i % 2 == 0 ? other : one, "").isEmpty()))
                .hasSize(BURST / 2 - 1);
    }

    @Test
    void onceAPassIsOverAnotherIsOpened() throws IOException {
        blocked();
        for (int i = 0; i < BURST / 2; i++) {
            assertThat(fails(one, i == 0 ? token() : "")).isEmpty();
        }
        assertThat(fails(one, token())).doesNotContainKey("challenge").isNotEmpty();

        DATABASE.transaction(DatabaseRole.ACCESS, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate("UPDATE limits.pass SET until_micros = 1");
            }
        });

        // One that remembers nothing of it.
        try (RateLimits fresh = process(provider.url())) {
            assertThat(fails(fresh, "")).containsKey("challenge");
            assertThat(fails(fresh, token())).isEmpty();
        }
    }

    /** Each spends one, and what it is told the pass had is told to no other. */
    @Test
    void callsAtATimeSpendAPassOnceEach() throws Exception {
        int callers = 8;
        int spends = 10;
        int calls = callers * spends / 2;
        var pass = new BucketKey("test-challenged", name);
        try (var table = new SharedBuckets(DATABASE, DatabaseRole.ACCESS);
                var elsewhere = new SharedBuckets(DATABASE, DatabaseRole.ACCESS);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            assertThat(opens(table, pass, calls)).isTrue();
            List<Callable<List<Integer>>> spending = IntStream.range(0, callers)
                    .<Callable<List<Integer>>>mapToObj(caller -> () -> IntStream.range(0, spends)
                            .mapToObj(i -> (caller % 2 == 0 ? table : elsewhere)
                                    .spendPass(pass)
                                    .orElseThrow())
                            .toList())
                    .toList();

            List<Integer> had = threads.invokeAll(spending).stream()
                    .flatMap(each -> each.resultNow().stream())
                    .sorted()
                    .toList();

            assertThat(had.subList(0, calls)).containsOnly(0);
            assertThat(had.subList(calls, 2 * calls))
                    .isEqualTo(IntStream.rangeClosed(1, calls).boxed().toList());
        }
    }

    @Test
    void aPassThatIsUsedUpIsNeitherOpenedAgainNorSweptBeforeItIsOver() {
        var pass = new BucketKey("test-challenged", name);
        try (var table = new SharedBuckets(DATABASE, DatabaseRole.ACCESS)) {
            assertThat(opens(table, pass, 1)).isTrue();
            assertThat(table.spendPass(pass)).hasValue(1);

            table.sweep();

            assertThat(table.spendPass(pass)).hasValue(0);
            assertThat(opens(table, pass, 1)).isFalse();
            assertThat(table.spendPass(pass)).hasValue(0);
        }
    }

    /** A pass of a minute, by a token that nobody has used. */
    private static boolean opens(SharedBuckets table, BucketKey pass, int calls) {
        long minuteMicros = TimeUnit.MINUTES.toMicros(1);
        return table.openPass(pass, new BucketKey("challenge-token", token()), calls, minuteMicros, minuteMicros);
    }

    static Stream<Answer> noClearYes() {
        String now = Instant.now().toString();
        Stream<String> bodies = Stream.of(
                said(true, HOST, Instant.now().minus(SiteVerify.MAX_AGE).minusSeconds(5)),
                said(true, HOST, Instant.now().plus(SiteVerify.MAX_AHEAD).plusSeconds(30)),
                said(true, "elsewhere.example", Instant.now()),
                said(false, HOST, Instant.now()),
                "{\"success\":true,\"hostname\":\"" + HOST + "\"}",
                "{\"success\":true,\"challenge_ts\":\"" + now + "\"}",
                "{\"success\":true,\"hostname\":\"" + HOST + "\",\"challenge_ts\":7}",
                "{\"success\":true,\"hostname\":\"" + HOST + "\",\"challenge_ts\":\"yesterday\"}",
                "{\"success\":\"true\",\"hostname\":\"" + HOST + "\",\"challenge_ts\":\"" + now + "\"}",
                "{\"success\":true,\"score\":0.9,\"hostname\":\"" + HOST + "\",\"challenge_ts\":\"" + now + "\"}",
                "{\"success\":true,\"error-codes\":[\"invalid-input-secret\"],\"hostname\":\"" + HOST
                        + "\",\"challenge_ts\":\"" + now + "\"}",
                said(true, HOST, Instant.now()) + " ".repeat(SiteVerify.MAX_ANSWER_BYTES),
                "true",
                "null",
                "[]",
                "");
        return Stream.concat(
                Stream.of(
                        new Answer.Said(503, said(true, HOST, Instant.now())),
                        new Answer.Moved("/siteverify"),
                        new Answer.Silence()),
                bodies.map(body -> new Answer.Said(200, body)));
    }

    private static String said(boolean success, String host, Instant solved) {
        return "{\"success\":" + success + ",\"hostname\":\"" + host + "\",\"challenge_ts\":\"" + solved + "\"}";
    }

    @ParameterizedTest
    @MethodSource("noClearYes")
    void whereTheProviderGivesNoClearYesNobodyGoesOn(Answer answer) {
        blocked();
        provider.answers(answer);
        long begun = System.nanoTime();

        assertThat(fails(one, token())).containsKey("challenge");

        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
        assertThat(provider.asked()).hasSize(1);
    }

    @Test
    void whereTheProviderIsDownOrItsSecretIsMissingNobodyGoesOn() throws IOException {
        blocked();
        Files.delete(directory.resolve("secret"));
        assertThat(fails(one, token())).containsKey("challenge");
        assertThat(provider.asked()).isEmpty();

        try (RateLimits without = process(URI.create("http://127.0.0.1:1/siteverify"))) {
            assertThat(fails(without, "")).containsKey("challenge");
            assertThat(fails(without, token())).containsKey("challenge");
        }
    }

    @Test
    void theProviderIsAskedAFewTimesOfOneIdentityAndByFewAtATime() throws Exception {
        blocked();
        provider.answers(new Answer.Said(200, "{\"success\":false}"));
        for (int i = 0; i < 20; i++) {
            assertThat(fails(i % 2 == 0 ? one : other, token())).containsKey("challenge");
        }
        assertThat(provider.asked()).hasSizeBetween(1, Challenges.TRIES.burst());
        for (String none : List.of("two words", "t".repeat(4_097), "\u00e9")) {
            assertThat(fails(one, none)).containsKey("challenge");
        }

        provider.answers(new Answer.Silence());
        int before = provider.asked().size();
        List<Callable<Boolean>> calls = IntStream.range(0, 20)
                .<Callable<Boolean>>mapToObj(i -> () -> {
                    String each = name + i;
                    IntStream.rangeClosed(0, BURST)
                            .forEach(n -> refusal(() -> one.signInFailed(each, from("192.0.2.1", ""))));
                    return refusal(() -> one.signInFailed(each, from("192.0.2.1", token())))
                            .isEmpty();
                })
                .toList();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            assertThat(threads.invokeAll(calls)).noneMatch(call -> call.resultNow());
        }
        // Each waits a second, and the first have to be over before another is let in.
        assertThat(provider.asked().size() - before).isBetween(1, 3 * SiteVerify.MAX_AT_ONCE);
    }

    @Test
    void refusalsAreCountedAsWithoutAChallenge() {
        blocked();
        double before = hits();
        fails(one, "");
        fails(one, token());

        assertThat(hits() - before).isEqualTo(1);
        assertThat(meters.counter("chancery.limits.challenges", "outcome", "opened")
                        .count())
                .isEqualTo(1);
    }

    private double hits() {
        return meters.counter("chancery.limits.hits", "limit", "sign-ins-by-name")
                .count();
    }

    /** The loopback is a proxy, or this machine: whoever solved it, it wasn't there. */
    @Test
    void theAddressOfALoopbackIsNotTold() {
        blocked();
        assertThat(fails(one, token(), "127.0.0.1")).isEmpty();
        assertThat(provider.asked().getFirst()).doesNotContainKey("remoteip");
    }

    @Test
    void anOptionThatCannotBeMeantIsRefused() {
        Path secret = directory.resolve("secret");
        URI url = URI.create("https://challenge.example/siteverify");
        for (Call wrong : List.<Call>of(
                () -> new ChallengeOptions("Turnstile!", url, "site-1", secret, HOST, Duration.ofSeconds(1)),
                () -> new ChallengeOptions("turnstile", url, "site 1", secret, HOST, Duration.ofSeconds(1)),
                () -> new ChallengeOptions("turnstile", url, "site-1", secret, "https://x", Duration.ofSeconds(1)),
                () -> new ChallengeOptions("turnstile", url, "site-1", secret, HOST, Duration.ofSeconds(5)),
                () -> new ChallengeOptions("turnstile", url, "site-1", secret, HOST, Duration.ZERO),
                () -> new ChallengeOptions(
                        "turnstile",
                        URI.create("https://ada" + "@challenge.example/"),
                        "site-1",
                        secret,
                        HOST,
                        Duration.ofSeconds(1)))) {
            assertThatThrownBy(wrong::run).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
