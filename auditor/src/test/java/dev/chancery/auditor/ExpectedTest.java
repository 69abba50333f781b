package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log that is whole in itself, held against what somebody remembers of it. */
class ExpectedTest {
    private static final int SIZE = 300;

    private final SampleExport sample = SampleExport.valid(SIZE);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    private Path export;

    @BeforeEach
    void write() throws IOException {
        export = sample.write(directory);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 255, 256, 257, 299, 300})
    void aLogThatWentOnFromAKeptCheckpointIsIntact(int size) throws Exception {
        assertThat(verify("--checkpoint", kept(sample, size)))
                .as(out.toString(UTF_8))
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 255, 256, 257, 299, 300})
    void aForkIsFoundThoughItIsWellSigned(int size) throws Exception {
        SampleExport fork = SampleExport.valid(SIZE);
        assertThat(verify("--checkpoint", kept(fork, sample, size))).isOne();
        assertThat(out.toString(UTF_8))
                .contains("NOT INTACT: 1 finding", "[fork] its first " + size + " records are not those");
    }

    @Test
    void anOlderExportIsFound() throws Exception {
        String newest = kept(sample, SIZE);
        Path older = sample.first(SIZE - 1).write(Files.createDirectory(directory.resolve("older")));
        assertThat(Audited.audit(older).isIntact()).isTrue();
        assertThat(run("verify", older.toString(), "--trust", trust(), "--checkpoint", newest))
                .isOne();
        assertThat(out.toString(UTF_8)).contains("[shorter] of 299 records; the kept one has 300");
    }

    @Test
    void theLogIsTheOneAskedForAndAsLongAsAskedFor() {
        assertThat(verify("--origin", SampleExport.ORIGIN, "--min-size", "300")).isZero();
        assertThat(verify("--origin", SampleExport.INSTANCE + "/instance")).isOne();
        assertThat(out.toString(UTF_8)).contains("[another-log] of " + SampleExport.ORIGIN);
        assertThat(verify("--min-size", "301")).isOne();
        assertThat(out.toString(UTF_8)).contains("[shorter] of 300 records; at least 301 are asked for");
    }

    /** Whoever made the export could have made it, too: it would prove nothing. */
    @Test
    void aKeptCheckpointIsSignedByATrustedKey() throws Exception {
        assertThat(verify("--checkpoint", kept(SampleExport.valid(3), 3))).isEqualTo(Main.WRONG_USAGE);
        assertThat(verify("--checkpoint", trust())).isEqualTo(Main.WRONG_USAGE);
        assertThat(verify("--checkpoint", export.resolve("nowhere").toString())).isEqualTo(Main.UNREADABLE);
        assertThat(verify("--min-size", "-1")).isEqualTo(Main.WRONG_USAGE);
        assertThat(out.size()).isZero();
    }

    private String kept(SampleExport log, int size) throws IOException {
        return kept(log, log, size);
    }

    /** The checkpoint of a log's first records, signed by the key of {@code signer}. */
    private String kept(SampleExport log, SampleExport signer, int size) throws IOException {
        String[] note = log.first(size).checkpoint().split("\n\n", 2);
        Path file = directory.resolve("kept");
        Files.writeString(file, signer.note(note[0] + "\n"));
        return file.toString();
    }

    private int verify(String... options) {
        String[] all = new String[options.length + 4];
        System.arraycopy(new String[] {"verify", export.toString(), "--trust", trust()}, 0, all, 0, 4);
        System.arraycopy(options, 0, all, 4, options.length);
        return run(all);
    }

    private int run(String... args) {
        return Main.run(args, new PrintStream(out, true, UTF_8), System.err);
    }

    private String trust() {
        return directory.resolve("trust").toString();
    }
}
