package dev.chancery.boundary.limits;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.keyring.KeyedHash;
import dev.chancery.schema.options.v1.RateClass;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Whether a caller has made too many calls. Of several limits that count a call, the strictest decides.
 *
 * <p>While PostgreSQL can't be asked, sign-ins of strangers are refused ({@code backbone.unavailable}), and everybody else has a {@value
 * #PARTS_WITHOUT_TABLE}th of each limit in each process.
 *
 * <p>Addresses of the loopback are not limited: whoever calls from there is a proxy, which has many behind it, or this machine's user.
 *
 * <p>Strangers who have used up a limit may go on for a few calls by a challenge, where one is set ({@link Challenges}).
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class RateLimits implements AutoCloseable {
    /** What a process admits of each limit while it can't ask the others: with as many processes, the whole. */
    static final int PARTS_WITHOUT_TABLE = 4;

    private static final Logger LOG = Logger.getLogger(RateLimits.class);
    private static final long SWEEP_SECONDS = 60;

    private static final String SIGN_INS_BY = "sign-ins-by-";

    /** Of a name that a stranger claims; no client id is as long. */
    private static final int MAX_NAME = 128;

    private static final LongSupplier CLOCK = () -> System.nanoTime() / 1_000;

    private final LimitOptions options;
    private final @Nullable SharedBuckets table;
    private final LongSupplier nowMicros;
    private final Leases shared;
    private final LocalBuckets alone;
    private final @Nullable Challenges challenges;
    /** Of this process: tells addresses and names apart in its log, and nothing else. */
    private final KeyedHash logKey = new KeyedHash(random());

    private final LimitHits hits = new LimitHits();
    private final AtomicLong unreachableUntilMicros = new AtomicLong(Long.MIN_VALUE);
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("rate-limits").factory());

    public RateLimits(LimitOptions options, Database database, DatabaseRole role) {
        this(options, new SharedBuckets(database, role));
    }

    private RateLimits(LimitOptions options, @Nullable SharedBuckets table) {
        this.options = options;
        this.table = table;
        this.nowMicros = CLOCK;
        this.alone = new LocalBuckets(CLOCK);
        this.shared = new Leases(table == null ? alone : table, CLOCK);
        this.challenges = table == null
                ? null
                : options.challenge()
                        .map(challenge -> new Challenges(challenge, table, shared, CLOCK))
                        .orElse(null);
    }

    private static byte[] random() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return bytes;
    }

    /** Limits nothing. */
    public static RateLimits none() {
        return new RateLimits(LimitOptions.NONE, null);
    }

    /** Begins to remove what the table needs no more. */
    public void start() {
        if (table != null) {
            var _ = clock.scheduleWithFixedDelay(this::sweep, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void sweep() {
        try {
            if (table != null) {
                table.sweep();
            }
        } catch (DatabaseUnavailable e) {
            LOG.debugf("Rate limits not swept: cause=%s", e.getMessage());
        }
    }

    /** One limit, as callers are told of it. */
    private record Limit(String name, Rate rate, boolean ofStrangers) {
        static Limit of(String name, Rate rate) {
            return new Limit(name, rate, false);
        }
    }

    /** A token of each limit that counts a call, to be given back if it turns out not to count. */
    public final class Spent {
        private final List<Limit> limits = new ArrayList<>();
        private final List<BucketKey> keys = new ArrayList<>();

        private Spent() {}

        /** It doesn't count after all. */
        public void giveBack() {
            for (int i = 0; i < limits.size(); i++) {
                shared.giveBack(keys.get(i), limits.get(i).rate());
            }
            limits.clear();
            keys.clear();
        }
    }

    /**
     * Counts a call of somebody known.
     *
     * @throws RefusedException {@code request.rate-limited}
     */
    public void admit(RateClass rateClass, Principal caller) throws RefusedException {
        boolean person = caller.type() == Principal.Type.USER;
        Limit own =
                switch (rateClass) {
                    case RATE_CLASS_READ ->
                        person
                                ? Limit.of("person-reads", options.personReads())
                                : Limit.of("service-reads", options.serviceReads());
                    case RATE_CLASS_CHECK -> Limit.of("checks", options.checks());
                    case RATE_CLASS_SIGN_IN -> Limit.of("sign-ins", options.signIns());
                    case RATE_CLASS_COMMAND, RATE_CLASS_UNSPECIFIED, UNRECOGNIZED ->
                        person
                                ? Limit.of("person-commands", options.personCommands())
                                : Limit.of("service-commands", options.serviceCommands());
                };
        var spent = new Spent();
        spend(spent, own, caller.tenant() + "/" + caller.id(), Optional.empty());
        if (rateClass == RateClass.RATE_CLASS_COMMAND || rateClass == RateClass.RATE_CLASS_READ) {
            spend(spent, Limit.of("tenant", options.tenant()), caller.tenant(), Optional.empty());
        }
    }

    /**
     * Counts a stranger's sign-in by its address before its credential is looked at; it is given back if that is good, unless it was a
     * pass's.
     *
     * @throws RefusedException {@code request.rate-limited}, or {@code backbone.unavailable} while nobody can tell
     */
    public Spent signIn(Caller caller) throws RefusedException {
        var spent = new Spent();
        Optional<String> network = network(caller.address());
        if (network.isPresent()) {
            var limit = new Limit(SIGN_INS_BY + "address", options.signInsByAddress(), true);
            spend(spent, limit, network.get(), Optional.of(caller));
        }
        return spent;
    }

    /**
     * Counts a sign-in that failed by the name that it claimed. Good ones are not asked: nobody who tries a name keeps out who has its
     * key.
     *
     * @param name whom the request says it comes from
     * @param caller who sent it, perhaps with a challenge that was solved
     * @throws RefusedException {@code request.rate-limited}, or {@code backbone.unavailable} while nobody can tell
     */
    public void signInFailed(String name, Caller caller) throws RefusedException {
        var limit = new Limit(SIGN_INS_BY + "name", options.signInsByName(), true);
        spend(new Spent(), limit, bounded(name), Optional.of(caller));
    }

    /**
     * Refuses an address from which too many calls came without a good token. Asks nobody, but for who goes on by a challenge.
     *
     * @throws RefusedException {@code request.rate-limited}
     */
    public void requireFewFailures(Caller caller) throws RefusedException {
        Optional<String> network = network(caller.address());
        if (network.isPresent() && options.strangers().limits() && isReachable()) {
            var limit = new Limit("strangers", options.strangers(), true);
            var key = new BucketKey(limit.name(), network.get());
            long wait = shared.knownEmpty(key);
            if (wait > 0) {
                try {
                    requirePassage(limit, key, wait, Optional.of(caller));
                } catch (DatabaseUnavailable e) {
                    unreachable(e);
                    throw refusal(limit, key, wait, Map.of());
                }
            }
        }
    }

    /** Counts a call without a good token. */
    public void failed(String address) {
        Optional<String> network = network(address);
        if (network.isPresent()) {
            try {
                // Whoever went on by a challenge has spent a call of it.
                spend(new Spent(), new Limit("strangers", options.strangers(), true), network.get(), Optional.empty());
            } catch (RefusedException e) {
                // It is answered what is wrong with its token; the next one is refused before that is looked at.
                LOG.debugf("Calls without a good token: code=%s", e.rejection().code());
            }
        }
    }

    private static String bounded(String name) {
        return name.substring(0, Math.min(name.length(), MAX_NAME));
    }

    private boolean isReachable() {
        return unreachableUntilMicros.get() <= nowMicros.getAsLong();
    }

    /** @param stranger who may go on by a challenge; empty: nobody does */
    private void spend(Spent spent, Limit limit, String identity, Optional<Caller> stranger) throws RefusedException {
        if (!limit.rate().limits()) {
            return;
        }
        var key = new BucketKey(limit.name(), identity);
        if (isReachable()) {
            try {
                long wait = shared.spend(key, limit.rate());
                if (wait > 0) {
                    spent.giveBack();
                    requirePassage(limit, key, wait, stranger);
                    return;
                }
                spent.limits.add(limit);
                spent.keys.add(key);
                return;
            } catch (DatabaseUnavailable e) {
                unreachable(e);
            }
        }
        if (limit.name().startsWith(SIGN_INS_BY)) {
            spent.giveBack();
            throw new RefusedException(BoundaryRejection.UNAVAILABLE);
        }
        Buckets.Taken taken = alone.take(key, limit.rate().dividedBy(PARTS_WITHOUT_TABLE), 1);
        if (taken.tokens() == 0) {
            throw refusal(limit, key, taken.waitMicros(), Map.of());
        }
    }

    private void unreachable(DatabaseUnavailable why) {
        unreachableUntilMicros.set(nowMicros.getAsLong() + SharedBuckets.MAX_WAIT.toNanos() / 1_000);
        LOG.warnf("Rate limits are this process's own for now: cause=%s", why.getMessage());
    }

    /** Of a bucket that is used up: lets a stranger go on by a challenge, and says so where one would help. */
    private void requirePassage(Limit limit, BucketKey key, long waitMicros, Optional<Caller> stranger)
            throws RefusedException {
        if (challenges == null || stranger.isEmpty()) {
            throw refusal(limit, key, waitMicros, Map.of());
        }
        switch (challenges.passage(key, limit.rate(), stranger.get())) {
            case OPEN -> {}
            case CLOSED -> throw refusal(limit, key, waitMicros, challenges.offer());
            case USED_UP -> throw refusal(limit, key, waitMicros, Map.of());
        }
    }

    /** An identity as a log may have it: ids as they are, and of addresses and names no more than a hash. */
    private String shown(Limit limit, BucketKey key) {
        return limit.ofStrangers() ? HexFormat.of().formatHex(key.hash(logKey), 0, 6) : key.identity();
    }

    /** @param offer of a challenge */
    private RefusedException refusal(Limit limit, BucketKey key, long waitMicros, Map<String, String> offer) {
        hits.note(limit.name(), shown(limit, key));
        Rejection why = BoundaryRejection.RATE_LIMITED;
        long seconds = Math.max(1, (waitMicros + 999_999) / 1_000_000);
        Map<String, String> details = new HashMap<>(offer);
        details.put("limit", limit.name());
        details.put("quota", Long.toString(limit.rate().count()));
        details.put("window", Long.toString(limit.rate().window().toSeconds()));
        details.put("retry_after", Long.toString(seconds));
        return new RefusedException(new CallResult.Refused(why, why.message(), details));
    }

    /** An IPv4 address, or the /64 of an IPv6 address, within which a peer picks its own; empty: the loopback, or nobody's. */
    static Optional<String> network(String address) {
        if (address.isEmpty()) {
            return Optional.empty();
        }
        try {
            InetAddress peer = InetAddress.ofLiteral(address);
            if (peer.isLoopbackAddress()) {
                return Optional.empty();
            }
            byte[] bytes = peer.getAddress();
            return Optional.of(HexFormat.of().formatHex(bytes, 0, peer instanceof Inet6Address ? 8 : bytes.length));
        } catch (IllegalArgumentException e) {
            return Optional.of(address);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
        if (challenges != null) {
            challenges.close();
        }
        if (table != null) {
            table.close();
        }
    }
}
