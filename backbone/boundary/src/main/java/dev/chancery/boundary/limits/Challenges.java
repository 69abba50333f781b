package dev.chancery.boundary.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.command.Caller;
import io.micrometer.core.instrument.Metrics;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/**
 * Lets strangers go on who have used up a bucket, once somebody has solved a challenge. A token that the provider accepts opens a pass for
 * the identity whose bucket it is: half as many calls as the bucket's burst, at least one, for as long as the bucket takes to fill, at
 * least {@link #MIN_PASS}. While a pass isn't over there is no other one: when its calls are made, the identity waits like everybody else.
 *
 * <p>A token counts once, in whatever process: it is remembered, as a keyed hash, for longer than the provider's word for it is good.
 *
 * <p><b>Thread safety:</b> safe; it may wait for the provider. <b>Limits:</b> of one identity {@link #TRIES} are verified; {@value
 * #MAX_KNOWN} identities are remembered to have no pass.
 */
final class Challenges implements AutoCloseable {
    /** The shortest time that a pass is for. */
    static final Duration MIN_PASS = Duration.ofMinutes(1);
    /** Identities that are remembered to have no pass, for a second each. */
    static final int MAX_KNOWN = 20_000;
    /** Tokens of one identity that the provider is asked about. */
    static final Rate TRIES = new Rate(5, Duration.ofMinutes(1), 5);

    private static final Duration TOKEN_LIFE = SiteVerify.MAX_AGE.plus(SiteVerify.MAX_AHEAD.multipliedBy(2));
    private static final Duration KNOWN = Duration.ofSeconds(1);

    /** As long as a header may be, nearly. */
    private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]{1,4096}");

    /** Whether a call goes on. */
    enum Passage {
        OPEN,
        /** There is no pass; a challenge would open one. */
        CLOSED,
        /** There was one, and its calls are made. */
        USED_UP
    }

    private record Known(Passage passage, long untilMicros) {}

    private final ChallengeOptions options;
    private final SharedBuckets table;
    private final Leases tries;
    private final LongSupplier nowMicros;
    private final SiteVerify provider;
    private final Cache<BucketKey, Known> known =
            Caffeine.newBuilder().maximumSize(MAX_KNOWN).build();

    /** @param nowMicros any clock that never goes back */
    Challenges(ChallengeOptions options, SharedBuckets table, Leases tries, LongSupplier nowMicros) {
        this.options = options;
        this.table = table;
        this.tries = tries;
        this.nowMicros = nowMicros;
        this.provider = new SiteVerify(options);
    }

    /** What a caller has to know to solve one. */
    Map<String, String> offer() {
        return Map.of("challenge", options.type(), "challenge_site_key", options.siteKey());
    }

    /** @param bucket the one that is used up */
    Passage passage(BucketKey bucket, Rate rate, Caller caller) {
        var pass = new BucketKey(bucket.limit() + "-challenged", bucket.identity());
        Passage found = found(pass);
        if (found != Passage.CLOSED || caller.challenge().isEmpty()) {
            return found;
        }
        String token = caller.challenge().get();
        if (!mayTry(token, bucket)) {
            count("unasked");
            return Passage.CLOSED;
        }
        // Another process may have opened one within the second.
        found = foundAnew(pass);
        if (found != Passage.CLOSED || !isAccepted(token, caller)) {
            return found;
        }
        boolean opened = table.openPass(
                pass, new BucketKey("challenge-token", token), calls(rate), micros(rate), TOKEN_LIFE.toNanos() / 1_000);
        count(opened ? "opened" : "used");
        return foundAnew(pass);
    }

    private Passage foundAnew(BucketKey pass) {
        known.invalidate(pass);
        return found(pass);
    }

    /** Spends a call of the pass. What was found to be none is not looked for again at once: refusing costs no round trip. */
    private Passage found(BucketKey pass) {
        long now = nowMicros.getAsLong();
        Known before = known.getIfPresent(pass);
        if (before != null && now < before.untilMicros()) {
            return before.passage();
        }
        OptionalInt had = table.spendPass(pass);
        if (had.isPresent() && had.getAsInt() > 0) {
            return Passage.OPEN;
        }
        Passage none = had.isEmpty() ? Passage.CLOSED : Passage.USED_UP;
        known.put(pass, new Known(none, now + KNOWN.toNanos() / 1_000));
        return none;
    }

    private boolean mayTry(String token, BucketKey bucket) {
        var whose = new BucketKey("challenge-tries", bucket.limit() + "\n" + bucket.identity());
        return TOKEN.matcher(token).matches() && tries.spend(whose, TRIES) == 0;
    }

    private boolean isAccepted(String token, Caller caller) {
        // A proxy's address, or this machine's own, says nothing about who solved it.
        SiteVerify.Verdict verdict =
                provider.verify(token, RateLimits.network(caller.address()).map(network -> caller.address()));
        if (verdict != SiteVerify.Verdict.ACCEPTED) {
            count(verdict.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        }
        return verdict == SiteVerify.Verdict.ACCEPTED;
    }

    private static int calls(Rate rate) {
        return Math.max(1, rate.burst() / 2);
    }

    private static long micros(Rate rate) {
        return Math.max(MIN_PASS.toNanos() / 1_000, rate.burst() * rate.microsAToken());
    }

    private static void count(String outcome) {
        Metrics.counter("chancery.limits.challenges", "outcome", outcome).increment();
    }

    @Override
    public void close() {
        provider.close();
    }
}
