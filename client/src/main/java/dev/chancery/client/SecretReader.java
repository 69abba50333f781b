package dev.chancery.client;

import dev.chancery.kernel.SecretReference;
import dev.chancery.schema.vault.v1.ReadSecretReply;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads secrets of the vault by their references.
 *
 * <pre>{@code
 * try (var secrets = SecretReader.connect(settings)) {
 *     String password = secrets.read("vault://prod/db/password");
 * }
 * }</pre>
 *
 * <p>A value is kept for {@link SecretReaderSettings#kept}, and no longer than the instance says that its version is read; asked for
 * again after that, it is read again, so a secret that was turned arrives without a restart. While the instance isn't heard, the last
 * value goes on for {@link SecretReaderSettings#unheard}, and no longer than its version is read. A refusal ends it at once.
 *
 * <p><b>Thread safety:</b> safe. <b>Limits:</b> {@value #MAX_KEPT} values are kept; more references are read each time.
 *
 * <p><b>Does not promise</b> that a value leaves no trace in memory: it is a {@link String}. It is written nowhere else, nor into a log
 * or an exception.
 */
public final class SecretReader implements AutoCloseable {
    private static final int MAX_KEPT = 1_000;
    private static final long CLOSE_SECONDS = 5;

    /** A secret that can't be had: no such reference, or refused, or the instance was not heard. */
    public static final class Unavailable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unavailable(String message) {
            super(message);
        }
    }

    /** @param untilMillis Unix time at which the version ends; 0: not known */
    private record Kept(String value, long readNanos, long untilMillis) {
        boolean hasEnded(Instant now) {
            return untilMillis != 0 && now.toEpochMilli() >= untilMillis;
        }

        @Override
        public String toString() {
            return "a secret";
        }
    }

    private final SecretReaderSettings settings;
    private final BiFunction<String, Integer, ReadSecretReply> instance;
    private final LongSupplier nanos;
    private final InstantSource clock;
    private final AutoCloseable connection;
    private final ConcurrentHashMap<SecretReference, Kept> kept = new ConcurrentHashMap<>();

    /**
     * @param nanos monotonic
     * @param clock that the ends of versions are compared with
     */
    SecretReader(
            SecretReaderSettings settings,
            BiFunction<String, Integer, ReadSecretReply> instance,
            LongSupplier nanos,
            InstantSource clock,
            AutoCloseable connection) {
        this.settings = settings;
        this.instance = instance;
        this.nanos = nanos;
        this.clock = clock;
        this.connection = connection;
    }

    /** Nothing is asked before the first secret is. */
    public static SecretReader connect(SecretReaderSettings settings) {
        NettyChannelBuilder builder = NettyChannelBuilder.forAddress(settings.host(), settings.port());
        ManagedChannel channel =
                (settings.plaintext() ? builder.usePlaintext() : builder.useTransportSecurity()).build();
        var server = new Server(channel, settings.issuer(), settings.clientId(), settings.privateKey());
        return new SecretReader(
                settings,
                (secret, version) -> signedIn(server, secret, version),
                System::nanoTime,
                InstantSource.system(),
                () -> close(channel));
    }

    /** A token that has become useless is replaced once. */
    private static ReadSecretReply signedIn(Server server, String secret, int version) {
        try {
            return server.readSecret(secret, version);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.UNAUTHENTICATED) {
                throw e;
            }
            server.forgetToken();
            return server.readSecret(secret, version);
        }
    }

    private static void close(ManagedChannel channel) throws InterruptedException {
        channel.shutdownNow();
        channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
    }

    /**
     * A secret's value.
     *
     * @param reference {@code vault://<environment>/<path>}, with {@code #<version>} for one version
     * @throws Unavailable if it can't be had; the message names the reference and why
     */
    public String read(String reference) {
        SecretReference parsed = SecretReference.parse(reference)
                .orElseThrow(
                        () -> new Unavailable(
                                "no reference to a secret: write vault://<environment>/<path> in lower case, with #<version> for one version"));
        if (!settings.environment().isEmpty() && !settings.environment().equals(parsed.environment())) {
            throw new Unavailable(reference + " is of another environment than " + settings.environment());
        }
        Kept known = kept.get(parsed);
        return known != null && isFresh(known) ? known.value() : ask(reference, parsed, known);
    }

    private boolean isFresh(Kept known) {
        return nanos.getAsLong() - known.readNanos() < settings.kept().toNanos() && !known.hasEnded(clock.instant());
    }

    private String ask(String reference, SecretReference parsed, @Nullable Kept known) {
        try {
            ReadSecretReply reply = instance.apply(parsed.secret(), parsed.version());
            if (kept.size() < MAX_KEPT || known != null) {
                kept.put(parsed, new Kept(reply.getValue(), nanos.getAsLong(), reply.getUntilMillis()));
            }
            return reply.getValue();
        } catch (StatusRuntimeException e) {
            Status.Code code = e.getStatus().getCode();
            boolean unheard = code == Status.Code.UNAVAILABLE || code == Status.Code.DEADLINE_EXCEEDED;
            if (unheard
                    && known != null
                    && !known.hasEnded(clock.instant())
                    && nanos.getAsLong() - known.readNanos()
                            < settings.unheard().toNanos()) {
                return known.value();
            }
            kept.remove(parsed);
            // What a status says is the instance's words, which hold no value.
            throw new Unavailable(
                    reference + ": " + code + " " + String.valueOf(e.getStatus().getDescription()));
        }
    }

    @Override
    public void close() {
        kept.clear();
        try {
            connection.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
