package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.quickstart.instance.RunningInstance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** An instance that bad things happen to: always on the same directory and the same port, so that callers need not know. */
final class KillableInstance implements AutoCloseable {
    private static final Duration KILL_LIMIT = Duration.ofSeconds(20);

    /** Below the ports that systems give to outgoing connections: nobody takes it while the instance is down. */
    private static final int FIRST_PORT = 20_000;

    private static final int PORTS = 10_000;

    private final Path data;
    private final int port;
    private final RestTransport rest;
    private volatile RunningInstance instance;
    private volatile GrpcTransport grpc;

    KillableInstance(Path data, Random random) {
        this.data = data;
        this.port = freePort(random);
        this.instance = RunningInstance.start(data, port);
        this.rest = new RestTransport(where());
        this.grpc = new GrpcTransport(where());
    }

    private static int freePort(Random random) {
        while (true) {
            int port = FIRST_PORT + random.nextInt(PORTS);
            try (var socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException e) {
                // Somebody's; the next one.
            }
        }
    }

    private Instance where() {
        return Instance.at(instance.http());
    }

    RunningInstance instance() {
        return instance;
    }

    RestTransport rest() {
        return rest;
    }

    GrpcTransport grpc() {
        return grpc;
    }

    Path data() {
        return data;
    }

    /** kill -9 of the Java process. PostgreSQL goes on alone. */
    void killJava() {
        instance.kill();
    }

    /**
     * kill -9 of the postmaster.
     *
     * @param children and of its children, at once; otherwise they notice by and by, and what they are at may still be committed
     * @return false when there was none: it had been killed and was not back yet
     */
    boolean killPostgres(boolean children) {
        Optional<ProcessHandle> found = postmaster();
        if (found.isEmpty()) {
            return false;
        }
        ProcessHandle postmaster = found.get();
        List<ProcessHandle> killed = children ? postmaster.descendants().toList() : List.of();
        postmaster.destroyForcibly();
        killed.forEach(ProcessHandle::destroyForcibly);
        assertThat(RunningInstance.await(KILL_LIMIT, () -> !isPostmaster(postmaster)))
                .as("PostgreSQL killed")
                .isTrue();
        return true;
    }

    private Optional<ProcessHandle> postmaster() {
        try {
            return Files.readAllLines(cluster().resolve("postmaster.pid")).stream()
                    .findFirst()
                    .flatMap(line -> ProcessHandle.of(Long.parseLong(line.strip())))
                    .filter(this::isPostmaster);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The number in postmaster.pid may be a stranger's by now. */
    private boolean isPostmaster(ProcessHandle process) {
        return process.isAlive()
                && process.info().arguments().stream().anyMatch(arguments -> List.of(arguments)
                        .contains(cluster().toString()));
    }

    private Path cluster() {
        return data.resolve("postgres").resolve("data");
    }

    /** Starts on the directory and kills that start, wherever it has come to. */
    void startAndKill(Duration after) {
        RunningInstance.startAndKill(data, port, after);
    }

    /** Starts again on the directory. */
    void start() {
        instance = RunningInstance.start(data, port);
        // A channel that has failed for a while waits longer and longer before it tries again.
        GrpcTransport old = grpc;
        grpc = new GrpcTransport(where());
        old.close();
    }

    /** How often a line of its logs, over all starts, contains this. */
    long logged(String what) {
        return instance.outputs().stream()
                .filter(file -> file.toString().endsWith(".err"))
                .mapToLong(file -> count(file, what))
                .sum();
    }

    private static long count(Path file, String what) {
        try (var lines = Files.lines(file)) {
            return lines.filter(line -> line.contains(what)).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Stops it as one should. */
    void stop() {
        assertThat(instance.stop()).as("exit code after TERM").isIn(0, 143);
    }

    @Override
    public void close() {
        rest.close();
        grpc.close();
        instance.close();
    }
}
