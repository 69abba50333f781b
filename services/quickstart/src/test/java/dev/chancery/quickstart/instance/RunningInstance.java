package dev.chancery.quickstart.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The packaged quick start as a process of its own, on a directory of its own: what a user runs, with the options that
 * {@code ./chancery up} gives it. One is shared by all test classes of a run, since a start takes seconds.
 */
public final class RunningInstance implements AutoCloseable {
    public static final Duration START_LIMIT = Duration.ofSeconds(180);
    public static final Duration STOP_LIMIT = Duration.ofSeconds(70);
    private static final Duration POLL = Duration.ofMillis(20);

    private static final List<String> QUICK_START = List.of(
            "-jar",
            Path.of("target", "quarkus-app", "quarkus-run.jar").toAbsolutePath().toString());

    /** How a process that ended by itself ended. */
    public record Ended(int exitCode, String out, String err) {}

    private final Process process;
    private final Path data;
    private final Path out;
    private final Path err;
    private final JsonObject where;

    private RunningInstance(Process process, Path data, Path out, Path err, JsonObject where) {
        this.process = process;
        this.data = data;
        this.out = out;
        this.err = err;
        this.where = where;
    }

    /** The instance that test classes share. It is stopped when this process ends, whatever becomes of it. */
    public static RunningInstance shared() {
        return Shared.INSTANCE;
    }

    private static final class Shared {
        static final RunningInstance INSTANCE = begin();

        private static RunningInstance begin() {
            RunningInstance instance = start(newDirectory("shared"));
            Runtime.getRuntime().addShutdownHook(new Thread(instance::close));
            return instance;
        }
    }

    /** A directory below the build's, so that nothing is left elsewhere. Not made yet; its parent is, and is new. */
    public static Path newDirectory(String name) {
        try {
            Path parent = Files.createDirectories(Path.of("target", "instances").toAbsolutePath());
            return Files.createTempDirectory(parent, name + "-").resolve("data");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts one and waits until it is READY. What it writes goes beside the directory, a pair of files for each start. */
    public static RunningInstance start(Path data, String... jvmOptions) {
        return start(data, 0, jvmOptions);
    }

    public static RunningInstance start(Path data, int port, String... jvmOptions) {
        return start(data, port, List.of(), jvmOptions);
    }

    /** @param options more of {@code up}'s */
    public static RunningInstance start(Path data, int port, List<String> options, String... jvmOptions) {
        Path out = fresh(data, ".out");
        Path err = fresh(data, ".err");
        var arguments = new ArrayList<>(List.of("up", "--data", data.toString(), "--port", Integer.toString(port)));
        arguments.addAll(options);
        Process process = launch(out, err, List.of(jvmOptions), arguments.toArray(String[]::new));
        boolean ready = await(START_LIMIT, () -> !process.isAlive() || text(out).contains("\n"));
        String line = text(out);
        if (!ready || !line.startsWith("READY ")) {
            process.destroyForcibly();
            return fail("not READY; it said: %s", text(err));
        }
        return new RunningInstance(process, data, out, err, new JsonObject(line.substring("READY ".length())));
    }

    /** Runs the quick start with these arguments and waits for its end: for starts that are to fail. */
    public static Ended attempt(String... arguments) {
        return ended(QUICK_START, arguments);
    }

    /** Runs a backup or a restore that ends itself after a step, as {@code kill -9} would; its PostgreSQL lives on as an orphan. */
    public static Ended endAfter(String step, String... arguments) {
        return ended(
                List.of(
                        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.chancery.quickstart.EndAfter",
                        step),
                arguments);
    }

    private static Ended ended(List<String> program, String... arguments) {
        Path base = newDirectory("attempt");
        Path out = fresh(base, ".out");
        Path err = fresh(base, ".err");
        Process process = launch(out, err, List.of(), program, arguments);
        try {
            if (!process.waitFor(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                return fail("it did not end: %s", text(err));
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IllegalStateException(e);
        }
        return new Ended(process.exitValue(), text(out), text(err));
    }

    /** Starts one on a directory and ends it with {@code kill -9} some time later, whatever it is at by then. */
    public static void startAndKill(Path data, int port, Duration later) {
        kill(
                launch(
                        fresh(data, ".out"),
                        fresh(data, ".err"),
                        List.of(),
                        "up",
                        "--data",
                        data.toString(),
                        "--port",
                        Integer.toString(port)),
                later);
    }

    private static void kill(Process process, Duration later) {
        await(later, () -> !process.isAlive());
        process.destroyForcibly();
        assertThat(await(STOP_LIMIT, () -> !process.isAlive())).as("killed").isTrue();
    }

    private static Process launch(Path out, Path err, List<String> jvmOptions, String... arguments) {
        return launch(out, err, jvmOptions, QUICK_START, arguments);
    }

    private static Process launch(
            Path out, Path err, List<String> jvmOptions, List<String> program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:+UseSerialGC",
                // The one that is a test's: an instance that lives for a minute doesn't live to gain by optimised code.
                "-XX:TieredStopAtLevel=1",
                // So that a test sees the end of an erasure.
                "-Dchancery.retention.horizon=PT3S",
                // Systems that hold data of subjects are programs of the tests.
                "-Dchancery.holders.loopback=true",
                // Databases whose credentials the vault makes are servers of the tests.
                "-Dchancery.leases.networks=127.0.0.0/8",
                "-Xms64m",
                "-Xmx768m"));
        command.addAll(jvmOptions);
        command.addAll(program);
        command.addAll(List.of(arguments));
        try {
            return new ProcessBuilder(command)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path fresh(Path data, String suffix) {
        for (int start = 1; ; start++) {
            Path file = data.resolveSibling(data.getFileName() + "-" + start + suffix);
            if (!Files.exists(file)) {
                return file;
            }
        }
    }

    /** Waits until a condition holds, at most for {@code limit}; whether it came to hold. */
    public static boolean await(Duration limit, Supplier<Boolean> condition) {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        while (!condition.get()) {
            if (System.nanoTime() > deadlineNanos) {
                return false;
            }
            try {
                Thread.sleep(POLL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Base URL of the HTTP api, which is the issuer of its tokens. */
    public String http() {
        return where.getString("http");
    }

    URI uri(String path) {
        return URI.create(http() + path);
    }

    /** Host and port of the gRPC api. */
    public String grpc() {
        return where.getString("grpc");
    }

    /** Kafka's bootstrap servers. */
    public String kafka() {
        return where.getString("kafka");
    }

    /** The forward proxy's port. */
    public int proxyPort() {
        return URI.create(where.getString("proxy")).getPort();
    }

    /** The file with the owner claim, as the READY line named it; empty where the claim was used before the start. */
    public Optional<Path> claimFile() {
        return Optional.ofNullable(where.getString("claimFile")).map(Path::of);
    }

    public Path data() {
        return data;
    }

    /** The key file that seals the directory. */
    public Path sealer() {
        return data.resolveSibling(data.getFileName() + ".sealer");
    }

    public Path runFile() {
        return data.resolve("run.json");
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** All that it has written to stderr since this start: its log. */
    public String logText() {
        return text(err);
    }

    /** All that it has written to stdout since this start. */
    public String outText() {
        return text(out);
    }

    /** Every file of output there is of any start on this directory. */
    public List<Path> outputs() {
        try (var files = Files.list(data.getParent())) {
            return files.filter(file ->
                            file.toString().endsWith(".err") || file.toString().endsWith(".out"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asks it to stop with TERM and waits for its end; answers its exit code. */
    public int stop() {
        process.destroy();
        assertThat(await(STOP_LIMIT, () -> !process.isAlive()))
                .as("stopped within %s", STOP_LIMIT)
                .isTrue();
        return process.exitValue();
    }

    /** {@code kill -9} of the Java process; its PostgreSQL lives on as an orphan until the next start on the directory. */
    public void kill() {
        process.destroyForcibly();
        assertThat(await(STOP_LIMIT, () -> !process.isAlive())).as("killed").isTrue();
    }

    /** Stops it whatever it takes. */
    @Override
    public void close() {
        process.destroy();
        if (!await(STOP_LIMIT, () -> !process.isAlive())) {
            process.destroyForcibly();
        }
    }
}
