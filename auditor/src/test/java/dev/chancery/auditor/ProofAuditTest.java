package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code proof} and {@code consistency} on files, as a holder of a proof has them. */
class ProofAuditTest {
    private static final int SIZE = 13;

    private final SampleExport log = SampleExport.valid(SIZE);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    @BeforeEach
    void trust() throws IOException {
        write("trust", log.trust());
    }

    @Test
    void eachRecordIsProvenInEachTreeThatHasIt() throws IOException {
        for (int size = 1; size <= SIZE; size++) {
            for (int position = 0; position < size; position++) {
                write("proof", inclusion(position, size));
                assertThat(proof()).as("%d of %d: %s", position, size, out).isZero();
            }
        }
        assertThat(out.toString(UTF_8))
                .endsWith("PROVEN\n")
                .contains("origin      " + SampleExport.ORIGIN, "position    12", "size        13");
    }

    @Test
    void theEntryMayComeByItself() throws IOException {
        String[] lines = inclusion(5, SIZE).split("\n", 3);
        write("proof", lines[0] + "\n" + lines[2]);
        assertThat(proof()).isEqualTo(Main.WRONG_USAGE);
        assertThat(err.toString(UTF_8)).contains("name the entry's file with --entry");
        Files.write(file("entry"), log.entries.get(5));
        assertThat(proof("--entry", file("entry").toString())).isZero();
        Files.write(file("entry"), log.entries.get(4));
        assertThat(proof("--entry", file("entry").toString())).isOne();
        assertThat(out.toString(UTF_8)).contains("NOT PROVEN", "proof [proof] does not lead from the entry");
    }

    @Test
    void anyChangedByteOfAProofIsRefused() throws IOException {
        byte[] good = inclusion(5, SIZE).getBytes(UTF_8);
        refusesEachChange("proof", good, this::proof);
    }

    @Test
    void aPathForAnotherPlaceOrSizeIsRefused() throws IOException {
        write("proof", inclusion(5, SIZE).replace("\nindex 5\n", "\nindex 4\n"));
        assertThat(proof()).isOne();
        write("proof", inclusion(5, SIZE).replace("\nindex 5\n", "\nindex 13\n"));
        assertThat(proof()).isOne();
        assertThat(out.toString(UTF_8)).contains("a tree of 13 has no position 13");
        String[] older = inclusion(5, 12).split("\n\n", 2);
        String[] newer = inclusion(5, SIZE).split("\n\n", 2);
        write("proof", older[0] + "\n\n" + newer[1]);
        assertThat(proof()).isOne();
        assertThat(out.toString(UTF_8)).contains("does not lead from the entry to the checkpoint's root");
        write("proof", inclusion(12, SIZE).replace("\nindex 12\n", "\nindex 11\n"));
        assertThat(proof()).isOne();
        assertThat(out.toString(UTF_8)).contains("has 2 hashes; position 11 of 13 asks for 4");
    }

    @Test
    void hashesThatAreMissingAddedOrSwappedAreRefused() throws IOException {
        for (String text : rearranged(inclusion(5, SIZE), 3)) {
            write("proof", text);
            assertThat(proof()).as(text).isOne();
        }
        for (String text : rearranged(consistency(7, SIZE), 1)) {
            write("proof", text);
            assertThat(consistency(7)).as(text).isOne();
        }
    }

    /** The lines between the header and the empty one, in every other way than they were. */
    private static List<String> rearranged(String proof, int header) {
        int end = proof.indexOf("\n\n");
        List<String> lines = List.of(proof.substring(0, end).split("\n"));
        List<List<String>> others = new ArrayList<>();
        for (int i = header; i < lines.size(); i++) {
            List<String> without = new ArrayList<>(lines);
            without.remove(i);
            others.add(without);
            List<String> twice = new ArrayList<>(lines);
            twice.add(i, lines.get(i));
            others.add(twice);
            for (int j = header; j < i; j++) {
                List<String> swapped = new ArrayList<>(lines);
                Collections.swap(swapped, i, j);
                others.add(swapped);
            }
        }
        List<String> many = new ArrayList<>(lines);
        many.addAll(Collections.nCopies(64, lines.getLast()));
        others.add(many);
        return others.stream()
                .map(changed -> String.join("\n", changed) + proof.substring(end))
                .toList();
    }

    @Test
    void whoeverSignedItMustBeTrustedAndTheEntryItsFeatures() throws IOException {
        write("proof", inclusion(5, SIZE));
        write("trust", log.logKey.vkey() + "\n");
        assertThat(proof()).isOne();
        assertThat(out.toString(UTF_8)).contains("entry [signature] the trust file has no key");
        write("trust", SampleExport.valid(1).trust());
        assertThat(proof()).isOne();
        assertThat(out.toString(UTF_8)).contains("proof [checkpoint-signature] the trust file has no key");
    }

    @Test
    void theLogMustBeTheOneAskedFor() throws IOException {
        write("proof", inclusion(5, SIZE));
        assertThat(proof("--origin", SampleExport.ORIGIN)).isZero();
        assertThat(proof("--origin", SampleExport.INSTANCE + "/instance")).isOne();
        assertThat(out.toString(UTF_8)).contains("[another-log]");
    }

    @Test
    void whatIsNoProofIsRefusedAndNotFailedOn() throws IOException {
        String good = inclusion(5, SIZE);
        for (String text : List.of(
                "",
                "\n\n",
                "c2sp.org/tlog-proof@v1\n\n" + log.checkpoint(),
                good.substring(0, good.indexOf("\n\n")),
                good.substring(good.indexOf("\nindex") + 1),
                good.replace("@v1", "@v2"),
                good.replace("index 5", "index 05"),
                good.replace("index 5", "index -5"),
                good.replace("index 5", "index 9223372036854775808"),
                good.replace("\n", "\r\n"),
                good + "\n",
                "\ufeff" + good,
                consistency(7, SIZE),
                "x".repeat(ProofFile.MAX_BYTES + 1))) {
            write("proof", text);
            assertThat(proof()).as(text).isOne();
        }
        Files.write(file("proof"), new byte[] {(byte) 0xff, '\n', '\n'});
        assertThat(proof()).isOne();
    }

    @Test
    void theLogOnlyGrewBetweenAnyTwoCheckpoints() throws IOException {
        for (int size = 1; size <= SIZE; size++) {
            for (int older = 1; older <= size; older++) {
                write("from", log.first(older).checkpoint());
                write("to", log.first(size).checkpoint());
                write("proof", consistency(older, size));
                assertThat(consistency("--to", file("to").toString()))
                        .as("%d to %d: %s", older, size, out)
                        .isZero();
            }
        }
        assertThat(out.toString(UTF_8))
                .endsWith("PROVEN\n")
                .contains("from        13 records, signed by ", "size        13");
    }

    @Test
    void anyChangedByteOfAConsistencyProofOrCheckpointIsRefused() throws IOException {
        byte[] from = log.first(7).checkpoint().getBytes(UTF_8);
        byte[] proof = consistency(7, SIZE).getBytes(UTF_8);
        Files.write(file("from"), from);
        refusesEachChange("proof", proof, this::consistency);
        Files.write(file("proof"), proof);
        refusesEachChange("from", from, this::consistency);
        Files.write(file("from"), from);
        refusesEachChange(
                "to",
                log.checkpoint().getBytes(UTF_8),
                more -> consistency("--to", file("to").toString()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 7, 8, 12})
    void aForkHasNoProof(int kept) throws IOException {
        SampleExport fork = SampleExport.valid(SIZE);
        write("from", log.note(fork.first(kept).checkpoint().split("\n\n", 2)[0] + "\n"));
        write("proof", consistency(kept, SIZE));
        assertThat(consistency()).isOne();
        assertThat(out.toString(UTF_8)).contains("[proof] does not lead from the one root to the other");
    }

    @Test
    void twoRootsOfOneSizeAreAFork() throws IOException {
        write("from", log.note(SampleExport.valid(SIZE).checkpoint().split("\n\n", 2)[0] + "\n"));
        write("proof", consistency(SIZE, SIZE));
        assertThat(consistency()).isOne();
        assertThat(out.toString(UTF_8)).contains("NOT PROVEN: 1 finding", "[fork] one log, one size, two roots");
    }

    @Test
    void aLogThatGotShorterIsFound() throws IOException {
        write("from", log.checkpoint());
        write("proof", consistency(7, 12));
        assertThat(consistency()).isOne();
        assertThat(out.toString(UTF_8)).contains("[shorter] leads to 12 records from 13");
    }

    @Test
    void theProofLeadsWhereItIsAskedTo() throws IOException {
        write("from", log.first(7).checkpoint());
        write("to", log.first(12).checkpoint());
        write("proof", consistency(7, SIZE));
        assertThat(consistency("--to", file("to").toString())).isOne();
        assertThat(out.toString(UTF_8)).contains("leads to another checkpoint than the one that was named");
        write("from", log.first(6).checkpoint());
        assertThat(consistency()).isOne();
        assertThat(out.toString(UTF_8)).contains("is for a tree of 7, not of 6");
    }

    @Test
    void usageAndReadingHaveTheirCodes() throws IOException {
        write("proof", inclusion(5, SIZE));
        assertThat(run("proof", "--trust", file("trust").toString())).isEqualTo(Main.WRONG_USAGE);
        assertThat(run("proof", "x", "--proof", "y", "--trust", "z")).isEqualTo(Main.WRONG_USAGE);
        assertThat(run("consistency", "--trust", "x", "--proof", "y")).isEqualTo(Main.WRONG_USAGE);
        assertThat(err.toString(UTF_8)).contains("--proof is missing", "what is x?", "--from is missing");
        assertThat(proof("--entry", file("nowhere").toString())).isEqualTo(Main.UNREADABLE);
        assertThat(consistency()).isEqualTo(Main.UNREADABLE);
        assertThat(proof("--entry", directory.toString())).isEqualTo(Main.UNREADABLE);
        assertThat(err.toString(UTF_8))
                .contains(
                        "cannot read: there is no " + file("from") + "\n",
                        "cannot read: " + directory + " is a directory\n")
                .doesNotContain("Exception");
        assertThat(out.size()).isZero();
        assertThat(proof("--json")).isZero();
        assertThat(out.toString(UTF_8))
                .startsWith("{\"proven\":true,\"facts\":{\"origin\":\"" + SampleExport.ORIGIN)
                .endsWith("\"findingCount\":0,\"findings\":[]}\n");
    }

    @FunctionalInterface
    private interface Command {
        int run(String... more);
    }

    private void refusesEachChange(String name, byte[] good, Command command) throws IOException {
        Files.write(file(name), good);
        assertThat(command.run()).as("%s", out).isZero();
        for (int i = 0; i < good.length; i++) {
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                byte[] changed = good.clone();
                changed[i] ^= (byte) (1 << bit);
                Files.write(file(name), changed);
                assertThat(command.run())
                        .as("bit %d of byte %d of %s", bit, i, name)
                        .isOne();
                out.reset();
            }
        }
        for (int length : new int[] {0, 1, good.length / 2, good.length - 1}) {
            Files.write(file(name), Arrays.copyOf(good, length));
            assertThat(command.run()).isOne();
        }
    }

    private int consistency(int older) throws IOException {
        write("from", log.first(older).checkpoint());
        return consistency();
    }

    private int proof(String... more) {
        return run(with(
                more,
                "proof",
                "--proof",
                file("proof").toString(),
                "--trust",
                file("trust").toString()));
    }

    private int consistency(String... more) {
        return run(with(
                more,
                "consistency",
                "--from",
                file("from").toString(),
                "--proof",
                file("proof").toString(),
                "--trust",
                file("trust").toString()));
    }

    private static String[] with(String[] more, String... first) {
        String[] all = Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }

    private int run(String... args) {
        return Main.run(args, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
    }

    private String inclusion(int position, int size) {
        return log.first(size).inclusion(position);
    }

    private String consistency(int older, int size) {
        return "old " + older + "\n" + SampleExport.lines(Merkle.subproof(older, leaves(size), true)) + "\n"
                + log.first(size).checkpoint();
    }

    private List<byte[]> leaves(int size) {
        return log.entries.subList(0, size).stream().map(Merkle::leaf).toList();
    }

    private Path file(String name) {
        return directory.resolve(name);
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(file(name), text);
    }
}
