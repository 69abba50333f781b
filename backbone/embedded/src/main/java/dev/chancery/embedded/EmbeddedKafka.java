package dev.chancery.embedded;

import static dev.chancery.embedded.ServerNotStarted.Reason.DIRECTORY_DAMAGED;
import static dev.chancery.embedded.ServerNotStarted.Reason.FAILED;
import static dev.chancery.embedded.ServerNotStarted.Reason.PORT_IN_USE;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka of our own in this process, broker and controller in one, on a directory that outlives it and on the loopback only.
 * Starts again on what a {@code kill -9} left; what a machine's crash can cost is said in {@link KafkaSettings}.
 *
 * <p>Kafka's exit and halt are closed for the whole process: a fatal error is logged, {@link #isAlive} turns false and {@code
 * onFatal} is called, and the process goes on.
 *
 * <p><b>Who gets in:</b> with passwords, clients that know one (SCRAM-SHA-512), and they may do what access control lists
 * allow; {@link #ADMINISTRATOR} may do everything, and makes the lists. The controller takes nobody but this node.
 *
 * <p><b>Not promised:</b> there is no shutdown hook. <b>Thread safety:</b> safe. <b>Limits:</b> {@link
 * #STOP_LIMIT} to stop.
 */
public final class EmbeddedKafka implements AutoCloseable {
    /** Who may do everything. */
    public static final String ADMINISTRATOR = "admin";

    public static final Duration STOP_LIMIT = Duration.ofSeconds(30);
    private static final int FREE_PORT_ATTEMPTS = 5;
    private static final Set<String> OF_A_BROKEN_FORMAT = Set.of("bootstrap.checkpoint", "meta.properties.tmp");
    private static final Logger LOG = Logger.getLogger(EmbeddedKafka.class);

    private final DirectoryLock lock;
    private final Path data;
    private final Consumer<String> onFatal;
    private final @Nullable ServerTls tls;
    private final Map<String, String> passwords;
    private final Consumer<String> fatalListener = this::fatal;
    private volatile int port;
    private volatile @Nullable KafkaRaftServer server;
    private volatile boolean failed;
    private boolean closed;

    private EmbeddedKafka(
            DirectoryLock lock,
            Path data,
            Consumer<String> onFatal,
            @Nullable ServerTls tls,
            Map<String, String> passwords) {
        this.lock = lock;
        this.data = data;
        this.onFatal = onFatal;
        this.tls = tls;
        this.passwords = passwords;
    }

    /** As the other, for who asks {@link #isAlive} instead of being told. */
    public static EmbeddedKafka start(Path directory, int port) {
        return start(directory, port, reason -> {}, Map.of());
    }

    /** As the other, for everybody on the loopback. */
    public static EmbeddedKafka start(Path directory, int port, Consumer<String> onFatal) {
        return start(directory, port, onFatal, null, Map.of());
    }

    /** As the other, for clients with a certificate alone. */
    public static EmbeddedKafka start(Path directory, int port, Consumer<String> onFatal, ServerTls tls) {
        return start(directory, port, onFatal, tls, Map.of());
    }

    /**
     * As the other, for clients with a password alone.
     *
     * @param passwords by user, {@link #ADMINISTRATOR} among them. They are written at the first start; users that come later are
     *     the administrator's to make
     */
    public static EmbeddedKafka start(
            Path directory, int port, Consumer<String> onFatal, Map<String, String> passwords) {
        return start(directory, port, onFatal, null, passwords);
    }

    /**
     * Starts the server, and formats its storage on the first start. Returns when it serves.
     *
     * @param port of the broker; 0 for a free one. The controller's is always a free one
     * @param onFatal told in one line, from a thread of Kafka's, when Kafka wanted to end the process; must not block
     * @throws ServerNotStarted with the reason; nothing is left running and the directory is free again
     */
    private static EmbeddedKafka start(
            Path directory,
            int port,
            Consumer<String> onFatal,
            @Nullable ServerTls tls,
            Map<String, String> passwords) {
        QuietLogs.quieten();
        DirectoryLock lock = DirectoryLock.take(directory);
        try {
            Path data = directory.toRealPath().resolve("data");
            format(data, passwords);
            var kafka = new EmbeddedKafka(lock, data, onFatal, tls, passwords);
            kafka.startOnPort(port);
            return kafka;
        } catch (IOException e) {
            lock.close();
            throw Failures.of(FAILED, "the Kafka directory " + directory + " cannot be used", e);
        } catch (RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    /** Once a directory: a complete format ends with meta.properties, and one that did not get there is begun anew. */
    private static void format(Path data, Map<String, String> passwords) throws IOException {
        if (Files.exists(data.resolve("meta.properties"))) {
            return;
        }
        if (Files.exists(data)) {
            try (var entries = Files.list(data)) {
                if (!entries.allMatch(
                        entry -> OF_A_BROKEN_FORMAT.contains(entry.getFileName().toString()))) {
                    throw new ServerNotStarted(
                            DIRECTORY_DAMAGED,
                            data + " holds files but is no Kafka data directory; restore it from a backup");
                }
            }
            Trees.delete(data);
        }
        try (var discarded = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setPrintStream(discarded)
                    .setNodeId(KafkaSettings.NODE_ID)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setControllerListenerName(KafkaSettings.CONTROLLER)
                    .addDirectory(data.toString())
                    .setMetadataLogDirectory(data.toString())
                    .setScramArguments(passwords.entrySet().stream()
                            .map(user -> KafkaSettings.SCRAM + "=[name=" + user.getKey() + ",password="
                                    + user.getValue() + "]")
                            .toList())
                    .run();
        } catch (Exception e) {
            throw Failures.of(FAILED, "Kafka's storage could not be formatted", e);
        }
    }

    private void startOnPort(int wanted) {
        if (wanted != 0 && !Ports.isFree(wanted)) {
            throw new ServerNotStarted(
                    PORT_IN_USE, "Kafka cannot use port " + wanted + ": something else listens there");
        }
        for (int attempt = 1; ; attempt++) {
            port = wanted == 0 ? Ports.free() : wanted;
            try {
                startServer();
                return;
            } catch (ServerNotStarted e) {
                // Somebody took one of the free ports between our look and Kafka's bind.
                if (e.reason() != PORT_IN_USE || attempt == FREE_PORT_ATTEMPTS) {
                    throw e;
                }
                failed = false;
            }
        }
    }

    private void startServer() {
        KafkaExits.listen(fatalListener);
        KafkaRaftServer starting = null;
        try {
            var config = KafkaConfig.fromProps(
                    KafkaSettings.of(
                            data,
                            port,
                            Ports.free(),
                            tls,
                            passwords.get(ADMINISTRATOR),
                            Uuid.randomUuid() + "" + Uuid.randomUuid()),
                    false);
            starting = new KafkaRaftServer(config, Time.SYSTEM);
            starting.startup();
            server = starting;
        } catch (Throwable e) { // Scala throws checked exceptions undeclared
            KafkaExits.forget(fatalListener);
            if (starting != null) {
                shutDown(starting);
            }
            throw Failures.of(FAILED, "Kafka could not start", e);
        }
    }

    private void fatal(String reason) {
        failed = true;
        if (server != null) {
            onFatal.accept(reason);
        }
    }

    public int port() {
        return port;
    }

    /** Where clients connect, e.g. {@code 127.0.0.1:29092}. */
    public String bootstrapServers() {
        return Ports.LOOPBACK + ":" + port;
    }

    /** Whether it was started, not closed, and has met no fatal error. */
    public boolean isAlive() {
        return server != null && !failed;
    }

    /** Stops the server and gives the directory free. A server that does not stop in time is left behind, and logged. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        KafkaRaftServer stopping = server;
        server = null;
        try {
            if (stopping != null) {
                shutDown(stopping);
            }
        } finally {
            KafkaExits.forget(fatalListener);
            lock.close();
        }
    }

    private static void shutDown(KafkaRaftServer server) {
        Thread stopping = Thread.ofPlatform().daemon().name("kafka-stop").start(() -> {
            try {
                server.shutdown();
                server.awaitShutdown();
            } catch (Throwable e) {
                LOG.warnf("kafka-stop-failed cause=%s", e.getClass().getName());
            }
        });
        try {
            if (!stopping.join(STOP_LIMIT)) {
                LOG.warnf("kafka-stop-timed-out limitSeconds=%d", STOP_LIMIT.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
