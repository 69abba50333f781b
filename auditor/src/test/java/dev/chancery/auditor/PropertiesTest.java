package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Whatever bytes a parser is given, it answers or says that they are malformed. */
class PropertiesTest {
    private static final byte[] NOTE = SampleExport.valid(1).checkpoint().getBytes(UTF_8);
    private static final byte[] STATEMENT = statement();

    @Property
    void anyBytesAreAStatementOrMalformed(@ForAll @Size(max = 300) byte[] bytes) {
        onlyMalformed(() -> StatementReader.read(bytes, 0, bytes.length));
    }

    @Property
    void aChangedStatementIsReadOrMalformed(
            @ForAll @IntRange(max = 10_000) int at, @ForAll byte other, @ForAll boolean cut) throws Malformed {
        byte[] changed = cut ? java.util.Arrays.copyOf(STATEMENT, at % STATEMENT.length) : STATEMENT.clone();
        if (!cut) {
            changed[at % changed.length] = other;
        }
        onlyMalformed(() -> StatementReader.read(changed, 0, changed.length));
    }

    @Property
    void integersAreReadAsTheyWereWrittenAndInNoLongerForm(@ForAll long value) throws Malformed {
        byte[] bytes = new Proto().integer(1, value).done();
        Wire wire = new Wire("test", bytes, 0, bytes.length);
        if (value == 0) {
            assertThat(wire.next()).isZero();
            return;
        }
        assertThat(wire.next()).isEqualTo(1);
        assertThat(wire.integer()).isEqualTo(value);
        assertThat(wire.next()).isZero();
        byte[] longer = Draft.concat(bytes, new byte[] {0});
        longer[bytes.length - 1] |= (byte) 0x80;
        Wire tooLong = new Wire("test", longer, 0, longer.length);
        assertThat(tooLong.next()).isEqualTo(1);
        assertThatExceptionOfType(Malformed.class).isThrownBy(tooLong::integer);
    }

    @Property
    void anyBytesAreANoteOrMalformed(@ForAll @Size(max = 300) byte[] bytes) {
        onlyMalformed(() -> Checkpoint.parse(bytes));
    }

    @Property
    void noTwoNotesSayTheSame(@ForAll @IntRange(max = 10_000) int at, @ForAll byte other) throws Malformed {
        byte[] changed = NOTE.clone();
        changed[at % NOTE.length] = other;
        try {
            boolean alike = said(Checkpoint.parse(changed)).equals(said(Checkpoint.parse(NOTE)));
            assertThat(alike).isEqualTo(other == NOTE[at % NOTE.length]);
        } catch (Malformed expected) {
            assertThat(other).isNotEqualTo(NOTE[at % NOTE.length]);
        }
    }

    @Property
    void anyTextIsATrustFileOrRefused(@ForAll String text) {
        try {
            Trust.parse(text);
        } catch (WrongUsage expected) {
            assertThat(expected).hasMessageStartingWith("trust file: line ");
        }
    }

    @Property
    void anyBytesAreAContractOrMalformed(@ForAll @Size(max = 300) byte[] bytes) {
        onlyMalformed(() -> Contract.parse(bytes));
        onlyMalformed(() -> Contract.adopted(bytes));
    }

    @Property
    void anyBytesAreAnEntryOrAProblem(@ForAll @Size(max = 300) byte[] bytes) throws Exception {
        Checkpoint checkpoint = Checkpoint.parse(NOTE);
        Trust trust = Trust.parse(SampleExport.valid(1).trust());
        assertThat(Entry.read(bytes, 0, bytes.length, 0, checkpoint, trust, new VerifiedSignatures())
                        .problems())
                .isNotEmpty();
    }

    @Property
    void aFileOfASeriesHasOneNameAndEveryDirectoryOnTheWayIsOfTheSeries(
            @ForAll @LongRange(min = 1) long items, @ForAll @LongRange(min = 0) long index) {
        Series series = new Series("bodies", items);
        String name = series.path(index % series.files()).substring("bodies/".length());
        assertThat(series.hasFile(name)).isTrue();
        for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
            assertThat(series.hasDirectory(name.substring(0, slash))).isTrue();
        }
        assertThat(series.hasFile("x000/" + name)).isFalse();
        assertThat(series.hasFile(series.path(series.files() - 1).substring(7) + "0"))
                .isFalse();
        assertThat(series.hasFile(Series.number(series.files()))).isFalse();
    }

    @Property
    void anyNameIsAFileOfASeriesOrNot(@ForAll String name, @ForAll @LongRange(min = 0) long items) {
        Series series = new Series("bodies", items);
        assertThat(series.hasFile(name) && series.hasDirectory(name)).isFalse();
    }

    @Property
    void theTreeHasTheRootOfTheRecursion(@ForAll @Size(max = 70) List<@Size(max = 3) byte[]> entries) {
        Tree tree = new Tree((level, hash) -> {});
        Hashing hashing = new Hashing();
        entries.forEach(entry -> tree.add(hashing.leaf(entry, 0, entry.length)));
        assertThat(tree.root())
                .isEqualTo(Merkle.root(entries.stream().map(Merkle::leaf).toList()));
    }

    @Property(tries = 200)
    void theTableOnDiskIsAMap(
            @ForAll @Size(max = 4_000) List<@LongRange(min = 0, max = 1_500) Long> keys, @ForAll long shift)
            throws Exception {
        Map<Long, Long> model = new HashMap<>();
        long[] value = new long[1];
        try (DiskTable table = new DiskTable(1)) {
            for (int i = 0; i < keys.size(); i++) {
                long key = keys.get(i) << (shift & 31);
                if (i % 3 == 2) {
                    table.remove(key, 7);
                    model.remove(key);
                } else {
                    table.put(key, 7, i);
                    model.put(key, (long) i);
                }
                assertThat(table.get(key, 8, value)).isFalse();
            }
            List<Long> wrong = new ArrayList<>();
            keys.forEach(key -> {
                long shifted = key << (shift & 31);
                Long found = table.get(shifted, 7, value) ? (Long) value[0] : null;
                if (!java.util.Objects.equals(found, model.get(shifted))) {
                    wrong.add(shifted);
                }
            });
            assertThat(wrong).isEmpty();
            assertThat(table.size()).isEqualTo(model.size());
            Map<Long, Long> visited = new HashMap<>();
            table.forEach((key, other, found) -> visited.put(key, found[0]));
            assertThat(visited).isEqualTo(model);
        }
    }

    private static String said(Checkpoint note) {
        Base64.Encoder base64 = Base64.getEncoder();
        return note.origin()
                + note.size()
                + base64.encodeToString(note.root())
                + note.signatures().stream()
                        .map(signature -> signature.keyId() + base64.encodeToString(signature.bytes()))
                        .toList();
    }

    private static void onlyMalformed(ThrowingCallable parser) {
        try {
            parser.call();
        } catch (Malformed expected) {
            assertThat(expected.reason()).isNotEmpty();
        } catch (Throwable other) {
            throw new AssertionError(other);
        }
    }

    private static byte[] statement() {
        byte[][] statement = new byte[1][];
        SampleExport sample = new SampleExport(false).found();
        sample.outcome(sample.intent(d -> {}), d -> {
            d.event("access/role-model", 1, "chancery.access.v1.RoleDefined", new byte[2]);
            d.client = Draft.sealed(24, 32);
            statement[0] = d.statement();
        });
        return statement[0];
    }
}
