package dev.chancery.quickstart.start;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.quickstart.forged.ForgedTenantIT;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.RunningInstance.Ended;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.testkit.LongTest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What keeps an instance from starting is said in one line that says what is wrong and what to do, with an exit code that is not zero,
 * and leaves nothing half made: the directory that all these starts failed on is whole again once the damage is undone.
 */
@LongTest
@Order(40)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StartFailuresIT {
    private static final Path DATA = RunningInstance.newDirectory("failures");
    private static final Path KEY = DATA.resolveSibling("data.sealer");

    /** The first start of all fails, for a key file that is none; then one succeeds, is claimed over gRPC, and is stopped. */
    @BeforeAll
    static void aFailedFirstStartLeavesADirectoryThatALaterOneCanUse() throws IOException {
        Files.writeString(KEY, "not a key\n");
        Files.setPosixFilePermissions(KEY, PosixFilePermissions.fromString("rw-------"));
        refused("is truncated or damaged", up());
        Files.delete(KEY);
        RunningInstance instance = RunningInstance.start(DATA);
        claim(instance);
        assertThat(instance.stop()).as("exit code after TERM").isIn(0, 143);
        assertThat(instance.runFile()).doesNotExist();
        assertThat(instance.outText().lines()).singleElement().asString().startsWith("READY {");
    }

    /** The example of the method that succeeds once, over the API that {@link SharedInstance} does not use for it. */
    private static void claim(RunningInstance instance) throws IOException {
        Path claimFile = instance.claimFile().orElseThrow();
        assertThat(Files.getPosixFilePermissions(claimFile)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(new JsonObject(Files.readString(instance.runFile())).encode())
                .isEqualTo(instance.outText().strip().substring("READY ".length()));
        ContractMethod method = Contract.load().method(ForgedTenantIT.ONCE).orElseThrow();
        String claim = SharedInstance.secret(Files.readString(claimFile).strip());
        Message request = ExampleRequests.fill(
                method,
                Map.of("claim", claim, "publicKey", SigningKey.generate().publicKey()));
        try (var wire = new RawClient(instance)) {
            Reply reply = wire.grpc(method, request, Map.of());
            assertThat(reply.succeeded()).as("%s", reply).isTrue();
            assertThat(claimFile).doesNotExist();
            assertThat(wire.grpc(method, request, Map.of()).code()).isEqualTo("identity.claim-invalid");
        }
    }

    /** After all the failures the directory starts again, and remembers that it was claimed. */
    @AfterAll
    static void theDirectoryIsAsItWas() {
        try (RunningInstance instance = RunningInstance.start(DATA)) {
            assertThat(instance.claimFile()).isEmpty();
        }
    }

    private static Ended up(String... more) {
        return RunningInstance.attempt(
                Stream.concat(Stream.of("up", "--data", DATA.toString(), "--port", "0"), Stream.of(more))
                        .toArray(String[]::new));
    }

    /** One line for a person, and nothing that only a developer would read. */
    private static void refused(String said, Ended ended) {
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.out()).isEmpty();
        List<String> lines =
                ended.err().lines().filter(line -> !line.startsWith("{")).toList();
        assertThat(lines)
                .as("%s", ended)
                .singleElement()
                .asString()
                .startsWith("chancery: ")
                .contains(said);
        assertThat(ended.err()).doesNotContain("Exception").doesNotContain("\tat ");
        assertThat(DATA.resolve("run.json")).doesNotExist();
    }

    @Test
    @Order(1)
    void aPortInUse() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = Integer.toString(taken.getLocalPort());
            refused("port " + port + " is in use; name another with --port", up("--port", port));
        }
    }

    /** As when two are started at once: it is free when the start begins, and taken when Quarkus wants it. */
    @Test
    @Order(1)
    void aPortThatIsTakenMeanwhile() throws Exception {
        int port;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        var start = CompletableFuture.supplyAsync(() -> up("--port", Integer.toString(port)));
        Path begun = DATA.resolve("postgres/data/postmaster.pid");
        assertThat(RunningInstance.await(RunningInstance.START_LIMIT, () -> start.isDone() || Files.exists(begun)))
                .isTrue();
        try (var taken = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            refused("port " + port + " is in use; name another with --port", start.join());
        }
        assertThat(begun).doesNotExist();
    }

    @Test
    @Order(2)
    void aDirectoryThatAnotherInstanceHolds() {
        RunningInstance holder = RunningInstance.shared();
        Ended ended = RunningInstance.attempt("up", "--data", holder.data().toString(), "--port", "0");
        refused("another instance holds " + holder.data() + "; stop it, or name another with --data", ended);
        assertThat(holder.isAlive()).isTrue();
        assertThat(holder.runFile()).exists();
    }

    @Test
    @Order(3)
    void aDirectoryThatANewerVersionWrote() throws IOException {
        Path format = DATA.resolve("format");
        String was = Files.readString(format);
        Files.writeString(format, was.replace("chancery 1\n", "chancery 2\n"));
        refused("was written by a newer version of Chancery; start that one", up());
        Files.writeString(format, was.replace("chancery 1\n", "chancery one\n"));
        refused("is damaged: its format file can't be read; restore a backup", up());
        Files.writeString(format, was);
    }

    @ParameterizedTest
    @Order(4)
    @ValueSource(
            strings = {
                "format",
                "postgres/data/PG_VERSION",
                "postgres/data/global/pg_control",
                "kafka/data/meta.properties"
            })
    void aDamagedDirectory(String missing) throws IOException {
        Path file = DATA.resolve(missing);
        Path aside = DATA.resolveSibling("aside");
        Files.move(file, aside);
        try {
            refused(missing.equals("format") ? "is damaged" : "restore it from a backup", up());
            assertThat(file).doesNotExist();
        } finally {
            Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    @Test
    @Order(5)
    void aKeyFileThatIsMissingOpenToOthersOrCutOff() throws IOException {
        byte[] was = Files.readAllBytes(KEY);
        Files.delete(KEY);
        refused("the key file " + KEY, up());
        assertThat(KEY).doesNotExist();
        Files.write(KEY, was);
        Files.setPosixFilePermissions(KEY, PosixFilePermissions.fromString("rw-r-----"));
        refused("is open to others: run chmod 600 " + KEY, up());
        Files.setPosixFilePermissions(KEY, PosixFilePermissions.fromString("rw-------"));
        Files.write(KEY, java.util.Arrays.copyOf(was, was.length - 20));
        refused("is truncated or damaged: restore it from your backup", up());
        Files.write(KEY, was);
    }

    /** Kafka, which starts beside PostgreSQL, has its say about it in the log. */
    @Test
    @Order(5)
    void aKeyFileOfAnotherInstance() throws IOException {
        byte[] was = Files.readAllBytes(KEY);
        Files.write(KEY, Files.readAllBytes(RunningInstance.shared().sealer()));
        try {
            Ended ended = up();
            assertThat(ended.exitCode()).isEqualTo(1);
            assertThat(ended.err())
                    .contains(
                            "chancery: the key file " + KEY + " is another instance's; put back the one that was made");
        } finally {
            Files.write(KEY, was);
        }
    }

    @Test
    @Order(6)
    void aPathThatIsNoDirectoryOrSomebodyElses() throws IOException {
        Path parent = RunningInstance.newDirectory("other").getParent();
        Path file = Files.writeString(parent.resolve("file"), "x");
        refused("is not a directory; name another with --data", at(file));
        assertThat(file).hasContent("x");
        Path photos = Files.createDirectory(parent.resolve("photos"));
        Files.setPosixFilePermissions(photos, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(photos.resolve("cat.jpg"), "x");
        refused("is no Chancery data directory", at(photos));
        assertThat(Files.getPosixFilePermissions(photos)).isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
        try (var left = Files.list(parent)) {
            assertThat(left.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder("file", "photos");
        }
        try (var left = Files.list(photos)) {
            assertThat(left).hasSize(1);
        }
        refused("can't use " + file.resolve("below"), at(file.resolve("below")));
    }

    @Test
    void itIsOnNoDisk() {
        refused("is on no disk; name another directory with --data", at(Path.of("/proc/x")));
    }

    private static Ended at(Path data) {
        return RunningInstance.attempt("up", "--data", data.toString(), "--port", "0");
    }

    @ParameterizedTest
    @Order(7)
    @ValueSource(
            strings = {
                "",
                "down",
                "up --data",
                "up --port",
                "up --port x",
                "up --port -1",
                "up --port 65536",
                "up canary",
                "up --check",
                "replay",
                "up --hlep",
                "up canary=--data"
            })
    void wrongUsage(String arguments) {
        Ended ended = RunningInstance.attempt(arguments.isEmpty() ? new String[0] : arguments.split(" "));
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err())
                .startsWith("chancery: ")
                .contains("usage: chancery up")
                .doesNotContain("canary");
        if (arguments.contains("--hlep")) {
            assertThat(ended.err()).startsWith("chancery: unknown option --hlep\n");
        }
        if (arguments.equals("replay")) {
            assertThat(ended.err()).startsWith("chancery: replay needs --check: ");
        }
    }

    @ParameterizedTest
    @Order(7)
    @ValueSource(strings = {"up --help", "up -h", "replay --check --help"})
    void help(String arguments) {
        Ended ended = RunningInstance.attempt(arguments.split(" "));
        assertThat(ended.exitCode()).isZero();
        assertThat(ended.out()).startsWith("usage: chancery up");
        assertThat(ended.err()).isEmpty();
    }
}
