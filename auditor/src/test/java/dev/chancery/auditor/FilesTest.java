package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The export as files: a log of 257 entries that is intact but for what a test does to it. */
class FilesTest {
    private static final int SIZE = 257;

    private final SampleExport sample = SampleExport.valid(SIZE);

    @TempDir
    private Path directory;

    private Path export;

    @BeforeEach
    void write() throws IOException {
        export = sample.write(directory);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "log/checkpoint",
                "contract.binpb",
                "log/tile/0/000",
                "log/tile/0/001.p/1",
                "log/tile/1/000.p/1",
                "log/tile/entries/000",
                "log/tile/entries/001.p/1",
                "bodies/000",
                "bodies/001.p/1"
            })
    void noFileMayBeMissingOrBeALinkOrADirectory(String path) throws Exception {
        Path file = export.resolve(path);
        Path elsewhere = directory.resolve("elsewhere");
        Files.move(file, elsewhere);
        assertThat(Audited.audit(export).findings())
                .anyMatch(f -> f.file().equals(path) && f.message().startsWith("missing"));
        Files.createSymbolicLink(file, elsewhere);
        assertThat(Audited.audit(export).findings()).anyMatch(f -> f.file().equals(path));
        Files.delete(file);
        Files.createDirectory(file);
        assertThat(Audited.audit(export).findings()).anyMatch(f -> f.file().equals(path));
        Files.delete(file);
        Files.move(elsewhere, file);
        assertThat(Audited.audit(export).isIntact()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "README",
                "log/checkpoint.old",
                "log/tile/0/002",
                "log/tile/0/002.p/1",
                "log/tile/0/001",
                "log/tile/0/001.p/2",
                "log/tile/0/001.p/01",
                "log/tile/0/x000/000",
                "log/tile/0/000.p/255",
                "log/tile/00/000",
                "log/tile/2/000.p/1",
                "log/tile/-1/000",
                "log/tile/entries/x001/000",
                "log/tile/entries/000.gz",
                "bodies/0",
                "bodies/000\u001b[31m",
                "a/b/c/d"
            })
    void nothingMayBeAdded(String path) throws Exception {
        Path file = export.resolve(path);
        Files.createDirectories(file.getParent());
        Files.write(file, new byte[32]);
        Report report = Audited.audit(export);
        assertThat(report.findings()).singleElement().matches(f -> f.rule() == Rule.LAYOUT);
        assertThat(report.text()).doesNotContain("\u001b");
        assertThat(path.replace("\u001b", "\\u001b"))
                .startsWith(report.findings().getFirst().file());
    }

    @ParameterizedTest
    @ValueSource(strings = {"log/tile/2", "log/witness", "bodies/x001", "bodies/000.p", "log/tile/0/x000"})
    void noDirectoryMayBeAdded(String path) throws Exception {
        Files.createDirectories(export.resolve(path));
        assertThat(Audited.audit(export).findings())
                .singleElement()
                .isEqualTo(new Finding(path, Finding.NOWHERE, Rule.LAYOUT, "a directory that does not belong there"));
    }

    @Test
    void aLinkMayNotBeAddedEither() throws Exception {
        Files.createSymbolicLink(export.resolve("log/again"), Path.of("checkpoint"));
        assertThat(Audited.audit(export).findings())
                .containsExactly(new Finding("log/again", Finding.NOWHERE, Rule.LAYOUT, "a link or special file"));
    }

    /** What is in a linked directory is no part of the export, and nothing that no log of this size has is missing. */
    @ParameterizedTest
    @ValueSource(strings = {"bodies", "log/tile/0", "log/tile/entries", "log/tile", "log"})
    void aLinkToADirectoryIsNotFollowed(String path) throws Exception {
        Path elsewhere = directory.resolve("elsewhere");
        Files.move(export.resolve(path), elsewhere);
        Files.createSymbolicLink(export.resolve(path), elsewhere);
        assertThat(Audited.audit(export).findings())
                .isNotEmpty()
                .noneMatch(f -> f.file().contains("002") || f.file().contains("003"));
        String inside = path + (path.equals("log") ? "/checkpoint" : path.equals("log/tile") ? "/0/000" : "/000");
        assertThat(export.resolve(inside)).isRegularFile();
        assertThat(new ExportFiles(export).has(inside)).isFalse();
    }

    @Test
    void aCutLogIsFoundByItsCheckpoint() throws Exception {
        Path shorter = SampleExport.valid(255).write(directory.resolve("shorter"));
        Files.copy(export.resolve("log/checkpoint"), shorter.resolve("log/checkpoint"), REPLACE);
        assertThat(Audited.audit(shorter).findings())
                .extracting(Finding::rule, Finding::file)
                .contains(Tuple.tuple(Rule.LAYOUT, "log/tile/entries/000"))
                .contains(Tuple.tuple(Rule.LAYOUT, "log/tile/entries/000.p"));
    }

    @Test
    void aLogLongerThanItsCheckpointIsFound() throws Exception {
        sample.claimedSize = 256;
        Files.writeString(export.resolve("log/checkpoint"), sample.checkpoint());
        assertThat(Audited.audit(export).findings())
                .extracting(Finding::rule, Finding::file)
                .containsExactlyInAnyOrder(
                        Tuple.tuple(Rule.LAYOUT, "log/tile/0/001.p"),
                        Tuple.tuple(Rule.LAYOUT, "log/tile/entries/001.p"),
                        Tuple.tuple(Rule.LAYOUT, "bodies/001.p"),
                        Tuple.tuple(Rule.ROOT, "log/checkpoint"));
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 40, Long.MAX_VALUE})
    @Timeout(20)
    void aSizeThatIsLiedAboutCostsNoMoreThanTheFilesThatAreThere(long size) throws Exception {
        sample.claimedSize = size;
        Files.writeString(export.resolve("log/checkpoint"), sample.checkpoint());
        Report report = Audited.audit(export);
        assertThat(report.findings()).hasSize(Findings.LIMIT);
        assertThat(report.findingCount()).isGreaterThan(size >> 8);
        assertThat(report.text()).contains("100. ", "      and ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"log/tile/0/000", "log/tile/0/001.p/1", "log/tile/1/000.p/1"})
    void aHashTileIsTheOneOfTheEntries(String path) throws Exception {
        byte[] tile = Files.readAllBytes(export.resolve(path));
        tile[tile.length - 1] ^= 1;
        Files.write(export.resolve(path), tile);
        assertFound(path, Rule.TILE);
        Files.write(export.resolve(path), Arrays.copyOf(tile, tile.length - 1));
        assertFound(path, Rule.TILE);
        Files.write(export.resolve(path), Arrays.copyOf(tile, tile.length + 1));
        assertFound(path, Rule.TILE);
    }

    @Test
    void anEntryThatIsChangedIsNamedByItsPosition() throws Exception {
        Path bundle = export.resolve("log/tile/entries/000");
        byte[] bytes = Files.readAllBytes(bundle);
        int position = 200;
        int at = 0;
        for (int i = 0; i < position; i++) {
            at += 2 + sample.entries.get(i).length;
        }
        bytes[at + 1 + sample.entries.get(position).length] ^= 1;
        Files.write(bundle, bytes);
        assertThat(Audited.audit(export).findings())
                .extracting(Finding::rule, Finding::file, Finding::position)
                .contains(
                        Tuple.tuple(Rule.SIGNATURE, "log/tile/entries/000", 200L),
                        Tuple.tuple(Rule.TILE, "log/tile/0/000", -1L),
                        Tuple.tuple(Rule.ROOT, "log/checkpoint", -1L))
                .hasSizeLessThan(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"log/tile/entries/000", "log/tile/entries/001.p/1", "bodies/000", "bodies/001.p/1"})
    void aBundleIsFramedAsItMustBe(String path) throws Exception {
        byte[] bytes = Files.readAllBytes(export.resolve(path));
        for (int length : new int[] {0, 1, bytes.length - 1, bytes.length + 1}) {
            Files.write(export.resolve(path), Arrays.copyOf(bytes, length));
            assertThat(Audited.audit(export).findings())
                    .as("%d of %d bytes", length, bytes.length)
                    .anyMatch(f -> f.file().equals(path) && f.rule() == Rule.FRAMING);
        }
    }

    @Test
    void aBodyOfFourGigabytesIsNotRead() throws Exception {
        Files.write(export.resolve("bodies/001.p/1"), new byte[] {0, 1, -1, -1, -1, -1, 0});
        assertFound("bodies/001.p/1", Rule.FRAMING);
    }

    static Stream<Arguments> notes() {
        return Stream.of(
                note("no final newline", note -> note.substring(0, note.length() - 1)),
                note("another line after it", note -> note + "\n"),
                note("a second signature", note -> note + note.substring(note.indexOf('\u2014'))),
                note("a carriage return", note -> note.replaceFirst("\n", "\r\n")),
                note("a hyphen for the em dash", note -> note.replace('\u2014', '-')),
                note("two spaces", note -> note.replace("\u2014 ", "\u2014  ")),
                note("a key of another name", note -> note.replace("\u2014 ch", "\u2014 c")),
                note("no empty line", note -> note.replace("\n\n", "\n")),
                note("an extension line", note -> note.replace("\n\n", "\nextension\n\n")),
                note("a leading zero", note -> note.replace("\n257\n", "\n0257\n")),
                note("a sign", note -> note.replace("\n257\n", "\n+257\n")),
                note("a size above 2^63", note -> note.replace("\n257\n", "\n9999999999999999999\n")),
                note("a signature of 63 bytes", note -> note.substring(0, note.length() - 5) + "\n"),
                note("a signature that is not base64", note -> note.substring(0, note.length() - 4) + "!!!\n"),
                note("a root without padding", note -> note.replaceFirst("=\n", "\n")),
                note("a root with bits after its end", note -> {
                    int last = note.indexOf("=\n") - 1;
                    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
                    char other = alphabet.charAt(alphabet.indexOf(note.charAt(last)) + 1);
                    return note.substring(0, last) + other + note.substring(last + 1);
                }),
                note("far too much", note -> note + "x".repeat(1_000_000)),
                note("nothing", note -> ""));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("notes")
    void aCheckpointHasOneForm(String what, UnaryOperator<String> change) throws Exception {
        Files.writeString(export.resolve("log/checkpoint"), change.apply(sample.checkpoint()));
        assertFound("log/checkpoint", Rule.CHECKPOINT_FORM);
    }

    @Test
    void aCheckpointIsSignedByTheLogsKey() throws Exception {
        String note = sample.checkpoint();
        SigningKey stranger = new SigningKey(SampleExport.ORIGIN, false);
        String text = note.substring(0, note.indexOf("\n\n") + 1);
        byte[] keyed = Base64.getDecoder()
                .decode(note.substring(note.lastIndexOf(' ') + 1).strip());
        byte[] byStranger = Draft.concat(Arrays.copyOf(keyed, 4), stranger.sign(text.getBytes(UTF_8)));
        String start = note.substring(0, note.lastIndexOf(' ') + 1);
        Files.writeString(
                export.resolve("log/checkpoint"), start + Base64.getEncoder().encodeToString(byStranger) + "\n");
        assertFound("log/checkpoint", Rule.CHECKPOINT_SIGNATURE);
        byStranger[0] ^= 1;
        Files.writeString(
                export.resolve("log/checkpoint"), start + Base64.getEncoder().encodeToString(byStranger) + "\n");
        assertFound("log/checkpoint", Rule.CHECKPOINT_SIGNATURE);
    }

    /** Of a log whose key was replaced not long ago. */
    @Test
    void aCheckpointOfTwoKeysIsVerifiedByWhoeverTrustsOneOfThem() throws Exception {
        SigningKey next = new SigningKey(SampleExport.ORIGIN, false);
        String both = sample.checkpoint() + line(next, sample.checkpoint());
        String own = sample.trust();
        String nextAlone = next.vkey() + own.substring(own.indexOf('\n'));
        Files.writeString(export.resolve("log/checkpoint"), both);
        for (String trust : List.of(own, nextAlone, next.vkey() + "\n" + own)) {
            assertThat(auditedWith(trust).findings()).isEmpty();
        }
        String neither = new SigningKey(SampleExport.ORIGIN, false).vkey() + own.substring(own.indexOf('\n'));
        assertThat(auditedWith(neither).findings()).extracting(Finding::rule).contains(Rule.CHECKPOINT_SIGNATURE);
    }

    @Test
    void aSecondSignatureThatATrustedKeyDidNotMakeIsFound() throws Exception {
        SigningKey next = new SigningKey(SampleExport.ORIGIN, false);
        String wrong = line(next, "another\ntext\n\n");
        Files.writeString(export.resolve("log/checkpoint"), sample.checkpoint() + wrong);
        assertThat(auditedWith(next.vkey() + "\n" + sample.trust()).findings())
                .extracting(Finding::rule)
                .contains(Rule.CHECKPOINT_SIGNATURE);
        // Who doesn't know the key is told nothing by it.
        assertThat(auditedWith(sample.trust()).findings()).isEmpty();
    }

    @Test
    void aCheckpointHasNoThirdSignature() throws Exception {
        String note = sample.checkpoint();
        for (int i = 0; i < 2; i++) {
            note += line(new SigningKey(SampleExport.ORIGIN, false), sample.checkpoint());
        }
        Files.writeString(export.resolve("log/checkpoint"), note);
        assertFound("log/checkpoint", Rule.CHECKPOINT_FORM);
    }

    /** A key's signature line under a note. */
    private static String line(SigningKey key, String note) {
        byte[] id = ByteBuffer.allocate(4).putInt(key.id()).array();
        byte[] signature = key.sign(note.substring(0, note.indexOf("\n\n") + 1).getBytes(UTF_8));
        return "\u2014 " + key.name + " " + Base64.getEncoder().encodeToString(Draft.concat(id, signature)) + "\n";
    }

    private Report auditedWith(String trust) throws Exception {
        Path file = export.resolveSibling("another-trust");
        Files.writeString(file, trust);
        return Audit.verify(export, file, (Path) null);
    }

    @Test
    void aCheckpointThatIsWellSignedMayStillBeOfAnotherTree() throws Exception {
        String text = SampleExport.ORIGIN + "\n257\n" + Base64.getEncoder().encodeToString(new byte[32]) + "\n";
        Files.writeString(export.resolve("log/checkpoint"), sample.note(text));
        assertFound("log/checkpoint", Rule.ROOT);
    }

    @Test
    void theContractIsAFileDescriptorSet() throws Exception {
        Files.writeString(export.resolve("contract.binpb"), "no contract");
        assertFound("contract.binpb", Rule.CONTRACT);
    }

    /** An empty file is a contract without a method, and so none of the log's actions is in it. */
    @Test
    void aContractThatMakesEveryEntryWrongIsNamedFirst() throws Exception {
        Files.write(export.resolve("contract.binpb"), new byte[0]);
        Report report = Audited.audit(export);
        assertThat(report.findingCount()).isGreaterThan(Findings.LIMIT);
        assertThat(report.findings())
                .hasSize(Findings.LIMIT)
                .startsWith(new Finding(
                        "contract.binpb",
                        Finding.NOWHERE,
                        Rule.CONTRACT,
                        "is not the contract that the log adopted last"));
    }

    private void assertFound(String path, Rule rule) throws Exception {
        Report report = Audited.audit(export);
        assertThat(report.findings())
                .as(report.text())
                .singleElement()
                .matches(f -> f.file().equals(path) && f.rule() == rule);
    }

    private static final java.nio.file.CopyOption REPLACE = java.nio.file.StandardCopyOption.REPLACE_EXISTING;

    private static Arguments note(String what, UnaryOperator<String> change) {
        return Arguments.of(what, change);
    }
}
