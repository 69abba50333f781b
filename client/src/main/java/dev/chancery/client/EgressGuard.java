package dev.chancery.client;

import dev.chancery.firewall.AddressRanges;
import dev.chancery.firewall.EgressDecision;
import dev.chancery.firewall.EgressPolicy;
import dev.chancery.firewall.HostPattern;
import dev.chancery.firewall.PatternRefused;
import dev.chancery.firewall.Target;
import dev.chancery.schema.egress.v1.ConnectorHosts;
import dev.chancery.schema.egress.v1.GetEgressPolicyReply;
import dev.chancery.schema.egress.v1.ListOverridesReply;
import dev.chancery.schema.egress.v1.Override;
import dev.chancery.schema.egress.v1.OverrideState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Decides in process what an application may reach, by its workspace's list in Chancery and with Chancery's own engine.
 *
 * <pre>{@code
 * try (var guard = EgressGuard.start(settings)) {
 *     guard.awaitReady(Duration.ofSeconds(10));
 *     HttpClient client = guard.httpClient(HttpClient.newBuilder(), HttpClient.Redirect.NORMAL);
 * }
 * }</pre>
 *
 * <p>Other clients go through {@link #proxyPort}, an address of the loopback that only who knows {@link #proxyPassword} can use: the
 * connections are made there, so that the address that was judged is the address that is dialled, whatever the client looks up.
 *
 * <p>One thread asks for the list twice a second. An edit is in force within that and the two seconds that the instance's own answer
 * may be old; an override ends at its moment. A list that is older than {@link EgressSettings#bound} denies everything. Connections
 * that are open are judged as often, and one that would not be made any more is ended.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value EgressConnector#MAX_CONNECTIONS} connections at a time.
 *
 * <p><b>Does not promise</b> to keep a program in that does not use it: only a network that lets nothing out but Chancery's proxy does.
 * {@link BareClients} finds such code. Nor are decisions recorded, as those of Chancery's proxy are.
 */
public final class EgressGuard implements AutoCloseable {
    /** Between two questions. */
    private static final Duration PAUSE = Duration.ofMillis(500);

    private static final long CLOSE_SECONDS = 5;

    /** Where the list comes from. */
    interface Lists {
        GetEgressPolicyReply policy();

        ListOverridesReply overrides();

        /** The token was of no use. */
        void forgetToken();
    }

    /** From a name to all of its addresses. */
    @FunctionalInterface
    interface Names {
        List<InetAddress> resolve(String name) throws UnknownHostException;
    }

    private record Known(EgressPolicy policy, long askedNanos) {}

    private final Lists lists;
    private final AddressRanges forbidden;
    private final Names names;
    private final Duration bound;
    private final LongSupplier nanos;
    private final InstantSource clock;
    private final AutoCloseable connection;
    private final EgressConnector connector;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread reader = new Thread(this::read, "chancery-egress");
    private volatile @Nullable Known known;
    private volatile String trouble = "not asked yet";

    EgressGuard(
            Lists lists,
            AddressRanges forbidden,
            Names names,
            Duration bound,
            LongSupplier nanos,
            InstantSource clock,
            AutoCloseable connection)
            throws IOException {
        this.lists = lists;
        this.forbidden = forbidden;
        this.names = names;
        this.bound = bound;
        this.nanos = nanos;
        this.clock = clock;
        this.connection = connection;
        this.connector = new EgressConnector(this);
        reader.setDaemon(true);
    }

    /**
     * Begins to ask; until the first answer, everything is denied.
     *
     * @throws IOException if nothing can listen at the loopback
     */
    public static EgressGuard start(EgressSettings settings) throws IOException {
        NettyChannelBuilder builder = NettyChannelBuilder.forAddress(settings.host(), settings.port());
        ManagedChannel channel =
                (settings.plaintext() ? builder.usePlaintext() : builder.useTransportSecurity()).build();
        var server = new Server(channel, settings.issuer(), settings.clientId(), settings.privateKey());
        var guard = new EgressGuard(
                server.egress(settings.workspaceId()),
                AddressRanges.forbidden(),
                // The dot keeps the system from trying the name below domains of its own.
                name -> List.of(InetAddress.getAllByName(name + ".")),
                settings.bound(),
                System::nanoTime,
                InstantSource.system(),
                () -> {
                    channel.shutdownNow();
                    channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
                });
        guard.begin();
        return guard;
    }

    void begin() {
        connector.start();
        reader.start();
    }

    private void read() {
        try {
            do {
                ask();
            } while (!closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void ask() {
        long asked = nanos.getAsLong();
        try {
            known = new Known(policy(lists.policy(), lists.overrides()), asked);
            trouble = "";
        } catch (StatusRuntimeException e) {
            trouble = e.getStatus().getCode().name();
            if (e.getStatus().getCode() == Status.Code.UNAUTHENTICATED) {
                lists.forgetToken();
            }
        } catch (RuntimeException e) {
            trouble = e.toString();
        }
    }

    private EgressPolicy policy(GetEgressPolicyReply list, ListOverridesReply overrides) {
        var connectors = new TreeMap<String, List<HostPattern>>();
        for (ConnectorHosts one : list.getConnectorsList()) {
            connectors.put(one.getConnector(), patterns(one.getHostsList()));
        }
        return new EgressPolicy(
                forbidden,
                patterns(list.getDenyList()),
                list.getSandbox() ? List.of() : patterns(list.getBuiltInList()),
                patterns(list.getAllowList()),
                connectors,
                overrides.getOverridesList().stream()
                        .filter(one -> one.getState() == OverrideState.OVERRIDE_STATE_IN_FORCE)
                        .flatMap(EgressGuard::override)
                        .toList());
    }

    private static Stream<EgressPolicy.Override> override(Override one) {
        return pattern(one.getHost())
                .map(host -> new EgressPolicy.Override(host, Instant.ofEpochMilli(one.getExpiresAtMillis())));
    }

    private static List<HostPattern> patterns(Collection<String> texts) {
        return texts.stream().flatMap(EgressGuard::pattern).toList();
    }

    /** The instance has judged it when it was listed; what can't be read here matches no host that can be. */
    private static Stream<HostPattern> pattern(String text) {
        try {
            return Stream.of(HostPattern.deny(text));
        } catch (PatternRefused e) {
            return Stream.empty();
        }
    }

    /** Waits until there is a list; false when that did not come in time. */
    public boolean awaitReady(Duration atMost) {
        long deadline = System.nanoTime() + atMost.toNanos();
        try {
            while (fresh().isEmpty()) {
                if (System.nanoTime() > deadline || closed.await(5, TimeUnit.MILLISECONDS)) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Why the instance wasn't heard the last time it was asked; empty while it is. */
    public String trouble() {
        return trouble;
    }

    private Optional<EgressPolicy> fresh() {
        Known last = known;
        return last == null || nanos.getAsLong() - last.askedNanos() > bound.toNanos()
                ? Optional.empty()
                : Optional.of(last.policy());
    }

    /**
     * Passes when the list allows a URL. Its host's addresses are not looked at: that is done where the connection is made.
     *
     * @throws EgressDenied with host, code, reason and hint
     */
    public void check(String url) throws EgressDenied {
        decided(url);
    }

    private EgressDecision decided(String url) throws EgressDenied {
        Optional<EgressPolicy> policy = fresh();
        if (policy.isEmpty()) {
            throw EgressDenied.stale(hostOf(url));
        }
        return allowed(policy.get().evaluate(url, clock.instant()));
    }

    private static EgressDecision allowed(EgressDecision decision) throws EgressDenied {
        if (!decision.allowed()) {
            throw EgressDenied.because(decision.host(), decision.reason().code());
        }
        return decision;
    }

    /** The host alone, for the message: a URL may hold what nobody should read. */
    private static String hostOf(String url) {
        try {
            return Optional.ofNullable(URI.create(url).getHost()).orElse("");
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /**
     * Where a URL leads, and may.
     *
     * @param addresses all of its host's; whoever connects, connects to one of these
     * @param port the URL's, or its scheme's
     */
    record Admitted(String url, List<InetAddress> addresses, int port) {}

    /**
     * Looks a URL's host up, and at all that it leads to.
     *
     * @throws EgressDenied if the list or one of the addresses denies it
     * @throws UnknownHostException if the name leads nowhere
     */
    Admitted admit(String url) throws EgressDenied, UnknownHostException {
        EgressDecision decision = decided(url);
        String host = decision.host();
        boolean literal = host.startsWith("[") || host.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
        List<InetAddress> addresses = literal
                ? List.of(InetAddress.getByName(host))
                : names.resolve(host.endsWith(".") ? host.substring(0, host.length() - 1) : host);
        Optional<EgressPolicy> policy = fresh();
        if (policy.isEmpty()) {
            throw EgressDenied.stale(host);
        }
        allowed(policy.get().admit(decision, addresses));
        if (!(Target.parse(url) instanceof Target target)) {
            throw new IllegalStateException("a URL that leads nowhere was allowed");
        }
        return new Admitted(url, addresses, target.port());
    }

    /** Whether what was admitted once still is: asked of connections that are open. */
    boolean stillAdmits(Admitted admitted) {
        return fresh().filter(policy -> {
                    EgressDecision decision = policy.evaluate(admitted.url(), clock.instant());
                    return decision.allowed()
                            && policy.admit(decision, admitted.addresses()).allowed();
                })
                .isPresent();
    }

    /**
     * A client that sends nothing that the list does not allow: such a request fails with {@link EgressDenied}. Each redirect is decided
     * again, and across origins takes no credentials along. It sets the builder's proxy and redirects; web sockets are not opened.
     *
     * @param redirects which ones are followed, five at most, as {@link HttpClient.Redirect} says it
     */
    public HttpClient httpClient(HttpClient.Builder builder, HttpClient.Redirect redirects) {
        return new GuardedHttpClient(
                builder.proxy(java.net.ProxySelector.of(connector.address()))
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .build(),
                this,
                redirects,
                connector.password());
    }

    /** Where clients that know HTTP proxies connect: at {@code 127.0.0.1}. */
    public int proxyPort() {
        return connector.address().getPort();
    }

    /** The password for it, with any user name (Basic) or as Bearer; new at each start. */
    public String proxyPassword() {
        return connector.password();
    }

    @java.lang.Override
    public void close() {
        closed.countDown();
        connector.close();
        try {
            connection.close();
            reader.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
