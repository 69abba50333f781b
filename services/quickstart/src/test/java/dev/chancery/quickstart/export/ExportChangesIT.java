package dev.chancery.quickstart.export;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.ContractMethod;
import dev.chancery.testkit.LongTest;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The export of a log that an instance wrote: whatever is changed in it, the auditor finds it, and names the file. */
@LongTest
@Order(60)
class ExportChangesIT {
    private static final boolean FULL = "full".equals(System.getProperty("chancery.rounds"));
    private static final int CHANGES = FULL ? 5_000 : 500;

    /** Two whole bundles and the beginning of a third. */
    private static final long ENTRIES = 2 * 256 + 10;

    private static final Duration CHECKPOINT_LIMIT = Duration.ofSeconds(60);
    private static final int INTACT = 0;
    private static final int FOUND_SOMETHING = 1;

    private static final SharedInstance WORLD = SharedInstance.shared();
    private static final Path HOME = RunningInstance.newDirectory("export").getParent();
    private static final Path EXPORT = HOME.resolve("export");
    private static final Path TRUST = HOME.resolve("trust.vkey");
    private static List<Path> files = List.of();

    /** What the auditor said. */
    private record Verdict(int exitCode, String report) {}

    @BeforeAll
    static void export() throws IOException, Refused {
        ContractMethod create = WORLD.method("chancery.identity.v1.IdentityService/CreateWorkspace");
        long size = 0;
        while (size < ENTRIES) {
            Message request = WORLD.requests.example(create, WORLD.a);
            Reply reply = WORLD.wire.grpc(create, request, WORLD.a.headers());
            assertThat(reply.succeeded()).as("%s", reply).isTrue();
            size = Long.parseLong(reply.position().substring(reply.position().indexOf('@') + 1)) + 1;
        }
        long needed = size;
        assertThat(RunningInstance.await(CHECKPOINT_LIMIT, () -> checkpointSize() >= needed))
                .as("a checkpoint of %d entries", needed)
                .isTrue();
        Files.write(
                TRUST,
                head().getJsonArray("verifierKeys").stream()
                        .map(String::valueOf)
                        .toList());
        assertThat(Export.write(ExportChangesIT::download, EXPORT).size()).isGreaterThanOrEqualTo(needed);
        try (Stream<Path> all = Files.walk(EXPORT)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        assertThat(files).hasSizeGreaterThan(10);
    }

    private static JsonObject head() {
        ContractMethod checkpoint = WORLD.method("chancery.ledger.v1.LedgerService/GetCheckpoint");
        return WORLD.wire
                .rest(checkpoint, WORLD.requests.example(checkpoint, WORLD.a), WORLD.a.headers())
                .json();
    }

    private static long checkpointSize() {
        return Long.parseLong(head().getString("size", "0"));
    }

    private static void download(String name, Path to) throws IOException {
        Reply reply = WORLD.wire.http("GET", "/ledger/v1/" + name, WORLD.a.headers(), new byte[0]);
        assertThat(reply.succeeded()).as("%s: %s", name, reply.status()).isTrue();
        Files.write(to, reply.body());
    }

    /** Whatever a test did, it undid. */
    @AfterEach
    void theExportIsIntact() {
        assertThat(audit()).extracting(Verdict::exitCode).isEqualTo(INTACT);
    }

    @Test
    void noByteCanBeChanged() throws IOException {
        long seed = Long.getLong("chancery.seed", System.nanoTime());
        System.out.printf("export changes: -Dchancery.seed=%d changes=%d files=%d%n", seed, CHANGES, files.size());
        Random random = new Random(seed);
        for (int change = 0; change < CHANGES; change++) {
            Path file = files.get(change % files.size());
            byte[] bytes = Files.readAllBytes(file);
            int at = random.nextInt(bytes.length);
            byte[] changed = bytes.clone();
            changed[at] ^= (byte) (1 + random.nextInt(255));
            found(
                    "seed %d change %d: byte %d from %d to %d".formatted(seed, change, at, bytes[at], changed[at]),
                    file,
                    changed);
        }
    }

    @Test
    void noFileCanBeCut() throws IOException {
        for (Path file : files) {
            byte[] bytes = Files.readAllBytes(file);
            for (int length : new int[] {0, 1, bytes.length / 2, bytes.length - 1}) {
                found("cut to %d of %d bytes".formatted(length, bytes.length), file, Arrays.copyOf(bytes, length));
            }
            found("one more byte", file, Arrays.copyOf(bytes, bytes.length + 1));
        }
    }

    @Test
    void noFileCanBeTakenAway() throws IOException {
        for (Path file : files) {
            Path aside = Files.move(file, HOME.resolve("aside"));
            assertFound(audit(), "taken away", file);
            Files.move(aside, file);
        }
    }

    @Test
    void noFileCanBeAdded() throws IOException {
        for (Path file : files) {
            for (String name : List.of("another", file.getFileName() + ".old", "003", "999")) {
                Path added = Files.copy(file, file.resolveSibling(name));
                assertFound(audit(), "added", added);
                Files.delete(added);
            }
        }
    }

    /** Tiles, bundles and bodies in each other's place, the last ones, which are not full, among them. */
    @Test
    void noTwoFilesCanBeSwapped() throws IOException {
        for (String series : List.of("log/tile/0", "log/tile/entries", "bodies")) {
            List<Path> ofSeries = files.stream()
                    .filter(file -> file.startsWith(EXPORT.resolve(series)))
                    .toList();
            assertThat(ofSeries).as(series).hasSizeGreaterThanOrEqualTo(3);
            for (int i = 0; i < ofSeries.size(); i++) {
                List<Path> pair = new ArrayList<>(ofSeries);
                Collections.rotate(pair, i);
                swapped(pair.get(0), pair.get(1));
            }
        }
    }

    private static void swapped(Path one, Path other) throws IOException {
        byte[] ofOne = Files.readAllBytes(one);
        byte[] ofOther = Files.readAllBytes(other);
        Files.write(one, ofOther);
        Files.write(other, ofOne);
        Verdict verdict = audit();
        Files.write(one, ofOne);
        Files.write(other, ofOther);
        // What follows a bundle that is cut is not judged, so one of the two is named.
        assertFound(verdict, "swapped", one, other);
    }

    private static void found(String what, Path file, byte[] changed) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, changed);
        Verdict verdict = audit();
        Files.write(file, bytes);
        assertFound(verdict, what, file);
    }

    /** The verdict, with a finding that is about one of these files. */
    private static void assertFound(Verdict verdict, String what, Path... changed) {
        List<String> names = Arrays.stream(changed)
                .map(file -> EXPORT.relativize(file).toString())
                .toList();
        assertThat(verdict.exitCode()).as("%s %s: %s", names, what, verdict).isEqualTo(FOUND_SOMETHING);
        assertThat(verdict.report().lines())
                .as("%s %s: %s", names, what, verdict)
                .anyMatch(line -> names.stream().anyMatch(name -> line.matches(" *[0-9]+\\. \\Q" + name + "\\E .*")));
    }

    private static Verdict audit() {
        var said = new ByteArrayOutputStream();
        try (var print = new PrintStream(said, true, UTF_8)) {
            int code = dev.chancery.auditor.Main.run(
                    new String[] {"verify", EXPORT.toString(), "--trust", TRUST.toString()}, print, print);
            return new Verdict(code, said.toString(UTF_8));
        }
    }
}
