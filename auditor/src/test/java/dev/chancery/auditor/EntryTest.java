package dev.chancery.auditor;

import static dev.chancery.auditor.Audited.assertFound;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One entry: its scheme, its signature, the form of its statement. */
class EntryTest {
    private final SampleExport sample = new SampleExport(false).found();

    @Test
    void aFeatureSignsWithItsOwnKey() throws Exception {
        assertFound(sample, Rule.SIGNATURE, sample.append(statement(d -> {}), sample.identityKey, List.of()));
    }

    @Test
    void aFeatureCannotNameTheKeyOfAnother() throws Exception {
        assertFound(sample, Rule.SIGNATURE, sample.denied(d -> d.sourceKey = sample.identityKey.id()));
    }

    @Test
    void aKeyOutsideTheTrustFileSignsNothing() throws Exception {
        assertFound(sample, Rule.SIGNATURE, sample.denied(d -> d.sourceKey = 7));
    }

    @Test
    void noKeyIsNamed() throws Exception {
        assertFound(sample, Rule.SIGNATURE, sample.denied(d -> d.sourceKey = 0));
    }

    @Test
    void theSchemeIsSigned() throws Exception {
        byte[] statement = statement(d -> {});
        byte[] entry = Draft.concat(new byte[] {1}, statement, sample.accessKey.sign(statement));
        assertFound(sample, Rule.SIGNATURE, sample.appendEntry(entry, List.of()));
    }

    @Test
    void anotherSchemeIsRefused() throws Exception {
        byte[] signed = Draft.concat(new byte[] {3}, statement(d -> {}));
        byte[] entry = Draft.concat(signed, sample.accessKey.sign(signed));
        assertFound(sample, Rule.ENTRY, sample.appendEntry(entry, List.of()));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 8, 64, 127, 128})
    void entriesOfAGroupAreVerifiedEach(int size) throws Exception {
        sample.deniedTogether(size);
        Report report = Audited.audit(sample);
        assertThat(report.findings()).isEmpty();
        assertThat(report.text()).contains("signatures  " + size + " by " + SampleExport.INSTANCE + "/source/access+");
    }

    @Test
    void aGroupOfOneIsNoGroup() throws Exception {
        sample.deniedTogether(1);
        assertThat(Audited.audit(sample).findings()).extracting(Finding::rule).containsExactly(Rule.ENTRY);
    }

    @Test
    void aGroupOfMoreThan128IsRefused() throws Exception {
        sample.deniedTogether(129);
        assertThat(Audited.audit(sample).findings()).isNotEmpty().allMatch(finding -> finding.rule() == Rule.ENTRY);
    }

    @Test
    void noByteOfAGroupedEntryCanBeChanged() throws Exception {
        sample.deniedTogether(5);
        for (int i = 1; i <= 5; i++) {
            byte[] entry = sample.entries.get(i);
            for (int at = 0; at < entry.length; at++) {
                byte[] changed = entry.clone();
                changed[at] ^= (byte) (1 << at % 8);
                Checkpoint checkpoint = Checkpoint.parse(sample.checkpoint().getBytes(UTF_8));
                Entry read = Entry.read(
                        changed,
                        0,
                        changed.length,
                        i,
                        checkpoint,
                        Trust.parse(sample.trust()),
                        new VerifiedSignatures());
                assertThat(read.problems()).as("entry %d byte %d", i, at).isNotEmpty();
            }
        }
    }

    @Test
    void whatWasVerifiedBeforeVouchesForNoOther() throws Exception {
        sample.deniedTogether(2);
        byte[] entry = sample.entries.get(1);
        Checkpoint checkpoint = Checkpoint.parse(sample.checkpoint().getBytes(UTF_8));
        Trust trust = Trust.parse(sample.trust());
        var verified = new VerifiedSignatures();
        assertThat(Entry.read(entry, 0, entry.length, 1, checkpoint, trust, verified)
                        .problems())
                .isEmpty();
        byte[] changed = entry.clone();
        changed[entry.length - 67] ^= 1;
        assertThat(Entry.read(changed, 0, changed.length, 1, checkpoint, trust, verified)
                        .problems())
                .extracting(Entry.Problem::rule)
                .containsExactly(Rule.SIGNATURE);
    }

    @Test
    void anEntryOfTooFewBytesIsRefused() throws Exception {
        long first = sample.entries.size();
        for (int length : new int[] {0, 1, 64, 65}) {
            sample.appendEntry(new byte[length], List.of());
        }
        assertThat(Audited.audit(sample).findings())
                .allMatch(finding -> finding.rule() == Rule.ENTRY)
                .extracting(Finding::position)
                .containsExactly(first, first + 1, first + 2, first + 3);
    }

    @Test
    void anEntryOfTooManyBytesIsRefused() throws Exception {
        assertFound(sample, Rule.ENTRY, sample.denied(d -> d.reason = sealedOf(32_768)));
    }

    @Test
    void theLargestEntryIsRead() throws Exception {
        int rest = new SampleExport(false).found().entries.getFirst().length;
        long position = sample.denied(d -> d.reason = sealedOf(30_000));
        int excess = sample.entries.get((int) position).length - 30_000;
        assertThat(rest).isPositive();
        sample.denied(d -> d.reason = sealedOf(32_768 - excess));
        assertThat(sample.entries.getLast()).hasSize(32_768);
        assertThat(Audited.audit(sample).findings()).isEmpty();
    }

    @Test
    void whereARequestCameFromMayBeHidden() throws Exception {
        sample.denied(d -> {
            d.client = Draft.hidden(24, 32);
            d.address = Draft.hidden(24, 32);
        });
        sample.denied(d -> d.client = Draft.sealed(24, 32));

        assertThat(Audited.audit(sample).findings()).isEmpty();
    }

    static Stream<Arguments> shapes() {
        return Stream.of(
                draft("entry id of 15 bytes", d -> d.entryId = Arrays.copyOf(d.entryId, 15)),
                draft("entry id missing", d -> d.entryId = new byte[0]),
                draft("entry id of version 4", d -> d.entryId[6] = 0x40),
                draft("entry id of another variant", d -> d.entryId[8] = (byte) 0xc0),
                draft("origin missing", d -> d.origin = ""),
                draft("origin with upper case", d -> d.origin = "CH/instance"),
                draft("feature missing", d -> d.feature = ""),
                draft("feature with a digit", d -> d.feature = "access2"),
                draft("feature too long", d -> d.feature = "a".repeat(33)),
                draft("actor missing", d -> d.actorType = -1),
                draft("actor type missing", d -> d.actorType = 0),
                draft("actor type unknown", d -> d.actorType = 6),
                draft("actor id missing", d -> d.actorId = ""),
                draft("actor id with a space", d -> d.actorId = "a b"),
                draft("role empty", d -> d.roles.add("")),
                draft("17 roles", d -> d.roles.addAll(Collections.nCopies(16, "r"))),
                draft("acting for nobody", d -> d.actingFor = new Proto()),
                draft("action missing", d -> d.action = ""),
                draft("action without a dot", d -> d.action = "access"),
                draft("action too long", d -> d.action = "access." + "a".repeat(122)),
                draft("target type with a digit", d -> d.targetType = "t1"),
                draft("target id with a slash", d -> d.targetId = "a/b"),
                draft("workspace too short", d -> d.workspace = "0199f200"),
                draft("request id with upper case", d -> d.requestId = "0199F200-0000-7000-8000-000000000003"),
                draft("request id with a newline", d -> d.requestId = "0199f200-0000-7000-8000-00000000000\n"),
                draft("reason's nonce of 12 bytes", d -> d.reason = Draft.sealed(12, 32)),
                draft("reason without commitment", d -> d.reason = Draft.sealed(24, 0)),
                draft("client's nonce of 25 bytes", d -> d.client = Draft.sealed(25, 32)),
                draft("hidden reason", d -> d.reason = Draft.hidden(24, 32)),
                draft("hidden address without commitment", d -> d.address = Draft.hidden(24, 0)),
                draft("hidden client's nonce of 12 bytes", d -> d.client = Draft.hidden(12, 32)),
                draft("key hash of 31 bytes", d -> d.idempotencyKeyHash = new byte[31]),
                draft("request hash of 33 bytes", d -> d.requestHash = new byte[33]),
                draft("result missing", d -> d.result = 0),
                draft("result unknown", d -> d.result = 5),
                draft("code of another form", d -> d.code = "Access.denied"),
                draft("neither intent nor outcome", d -> d.kindless = true),
                draft("intent hash of 31 bytes", d -> {
                    d.intentPosition = 1L;
                    d.intentHash = new byte[31];
                }),
                draft("stream of one part", d -> event(d, "access", "chancery.access.v1.A")),
                draft("stream of four parts", d -> event(d, "access/a/b/c", "chancery.access.v1.A")),
                draft("type without version", d -> event(d, "access/a", "chancery.access.A")),
                draft("event hash of 31 bytes", d -> {
                    event(d, "access/a", "chancery.access.v1.A");
                    d.events.getFirst().hash = new byte[31];
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void aFieldHasTheDeclaredShape(String what, Consumer<Draft> change) throws Exception {
        assertFound(sample, Rule.STATEMENT, sample.denied(change));
    }

    static Stream<Arguments> spellings() {
        return Stream.of(
                bytes(
                        "an unknown field at the end",
                        s -> Draft.concat(s, new Proto().integer(99, 1).done())),
                bytes(
                        "a field of the same number again",
                        s -> Draft.concat(
                                s, new Proto().message(21, new Proto()).done())),
                bytes(
                        "a field out of order",
                        s -> Draft.concat(s, new Proto().integer(2, 1).done())),
                bytes(
                        "both kinds",
                        s -> Draft.concat(new Proto().message(20, new Proto()).done(), s)),
                bytes("field number zero", s -> Draft.concat(s, new byte[] {2, 0})),
                bytes(
                        "a group",
                        s -> Draft.concat(s, new Proto().tag(22, 3).tag(22, 4).done())),
                bytes("a tag cut off", s -> Draft.concat(s, new byte[] {(byte) 0x80})),
                bytes("a length cut off", s -> Arrays.copyOf(s, s.length - 1)),
                bytes(
                        "nothing but a field",
                        s -> new Proto().string(1, SampleExport.ORIGIN).done()),
                bytes("a tag of two bytes where one does", s -> replaceStart(s, new Proto().raw(0x8a, 0x00))),
                bytes("a length of two bytes where one does", s -> replaceLength(s)),
                bytes(
                        "bytes as a varint",
                        s -> replaceStart(s, new Proto().integer(1, 1).tag(1, 2))),
                bytes("text that is not UTF-8", s -> {
                    byte[] wrong = s.clone();
                    wrong[3] = (byte) 0xc3;
                    return wrong;
                }),
                bytes("a default written", s -> {
                    int position = 2 + SampleExport.ORIGIN.length();
                    byte[] wrong = s.clone();
                    wrong[position + 1] = 0;
                    return wrong;
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("spellings")
    void aStatementIsCanonical(String what, UnaryOperator<byte[]> change) throws Exception {
        byte[] statement = change.apply(statement(d -> {}));
        assertFound(sample, Rule.STATEMENT, sample.append(statement, sample.accessKey, List.of()));
    }

    @Test
    void aTrueThatIsNotOneIsNotCanonical() throws Exception {
        byte[] outcome =
                new Proto().integer(1, Draft.ABANDONED).tag(4, 0).varint(2).done();
        byte[] statement = Draft.concat(
                statement(d -> d.kindless = true),
                new Proto().element(21, outcome).done());
        assertFound(sample, Rule.STATEMENT, sample.append(statement, sample.accessKey, List.of()));
    }

    /** Of a denial that would be valid at the next position. */
    private byte[] statement(Consumer<Draft> change) {
        byte[][] statement = new byte[1][];
        sample.denied(d -> {
            change.accept(d);
            statement[0] = d.statement();
        });
        sample.entries.removeLast();
        sample.bodies.removeLast();
        return statement[0];
    }

    private static byte[] replaceStart(byte[] statement, Proto start) {
        return Draft.concat(start.done(), Arrays.copyOfRange(statement, 1, statement.length));
    }

    private static byte[] replaceLength(byte[] statement) {
        byte[] start = {statement[0], (byte) (statement[1] | 0x80), 0};
        return Draft.concat(start, Arrays.copyOfRange(statement, 2, statement.length));
    }

    private static void event(Draft draft, String stream, String type) {
        draft.result = Draft.SUCCESS;
        draft.code = "";
        draft.event(stream, 1, type, "b".getBytes(UTF_8));
    }

    private static Proto sealedOf(int ciphertextBytes) {
        return new Proto()
                .bytes(2, new byte[24])
                .bytes(3, new byte[ciphertextBytes])
                .bytes(4, new byte[32]);
    }

    private static Arguments draft(String what, Consumer<Draft> change) {
        return Arguments.of(what, change);
    }

    private static Arguments bytes(String what, UnaryOperator<byte[]> change) {
        return Arguments.of(what, change);
    }
}
