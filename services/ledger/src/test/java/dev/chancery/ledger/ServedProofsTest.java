package dev.chancery.ledger;

import static dev.chancery.ledger.Records.OTHER_TENANT;
import static dev.chancery.ledger.Records.TENANT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.database.Database;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.ledger.v1.GetConsistencyProofRequest;
import dev.chancery.schema.ledger.v1.GetDecisionProofRequest;
import dev.chancery.schema.ledger.v1.GetInclusionProofRequest;
import dev.chancery.testkit.Backing;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Proofs off the tables, judged by the auditor, which knows nothing of this module. */
class ServedProofsTest {
    private static final List<Integer> SIZES = List.of(1, 2, 3, 255, 256, 257, 400, 512, 777);

    /** Who did all that {@link Records} has. */
    private static final String ACTOR = "0199f2aa-0000-7000-8000-00000000abcd";

    private static final ReadContext.Requirement LACKS_IT = capability -> {
        throw new RefusedException(BoundaryRejection.FORBIDDEN);
    };

    private static Database database;
    private static Ledger ledger;
    private static ServedProofs proofs;

    @TempDir
    private static Path directory;

    @BeforeAll
    static void begin() throws IOException {
        database = Backing.database("projection", "ledger");
        ledger = new Ledger(database, new LogKey());
        proofs = new ServedProofs(ledger.reader, new Copies(draft -> {
            throw new AssertionError("nothing here is asked for with ledger:export");
        }));
        int grown = 0;
        for (int size : SIZES) {
            ledger.drain(TENANT, grown, size, size);
            grown = size;
        }
        Files.writeString(directory.resolve("trust"), ledger.key.vkey(Records.INSTANCE + "/" + TENANT) + "\n");
    }

    @AfterAll
    static void end() {
        database.close();
    }

    @Test
    void recordsAreProvenInEachTreeThatHasThemAndACheckpoint() throws Exception {
        for (int size : SIZES) {
            for (int position : List.of(0, 1, 254, 255, 256, 257, 399, 511, 512, 776)) {
                if (position < size) {
                    Files.writeString(directory.resolve("proof"), inclusion(position, size));
                    // The records' own signatures are noise here: what it says of the path is what counts.
                    assertThat(audit("proof"))
                            .as("%d of %d", position, size)
                            .contains("size        " + size, "position    " + position, "checkpoint  signed by")
                            .doesNotContain("[proof]");
                }
            }
        }
        assertThat(inclusion(776, 0)).isEqualTo(inclusion(776, 777));
    }

    @Test
    void aProofBringsItsEntryAndItsCheckpoint() throws Exception {
        String[] parts = inclusion(300, 400).split("\n\n", 2);
        assertThat(parts[0])
                .startsWith("c2sp.org/tlog-proof@v1\nextra "
                        + Base64.getEncoder()
                                .encodeToString(Records.at(TENANT, 300).entry())
                        + "\nindex 300\n");
        assertThat(ledger.key.open(parts[1]).size()).isEqualTo(400);
        assertThat(parts[1])
                .isEqualTo(
                        new String(ledger.reader.head(TENANT, 400).orElseThrow().note(), UTF_8));
    }

    /** Whoever reads the ledger can prove what it has, and reads no record that way. */
    @Test
    void aStrangersProofHasNoEntryAndProvesItAllTheSame() throws Exception {
        ReadContext stranger = context(TENANT, "0199f2aa-0000-7000-8000-00000000eeee", LACKS_IT);
        String proof = proofs.inclusion(stranger, inclusionRequest(300, 400)).getProof();

        assertThat(proof).startsWith("c2sp.org/tlog-proof@v1\nindex 300\n");
        Files.writeString(directory.resolve("proof"), proof);
        Path entry =
                Files.write(directory.resolve("entry"), Records.at(TENANT, 300).entry());
        assertThat(audit("proof", "--entry", entry.toString()))
                .contains("position    300", "checkpoint  signed by")
                .doesNotContain("[proof]");
        Files.write(entry, Records.at(TENANT, 301).entry());
        assertThat(audit("proof", "--entry", entry.toString())).contains("[proof]");
    }

    @Test
    void aStrangerAsksForNoDecision() {
        ReadContext stranger = context(TENANT, "0199f2aa-0000-7000-8000-00000000eeee", LACKS_IT);
        refused(
                BoundaryRejection.FORBIDDEN,
                () -> proofs.decision(
                        stranger,
                        GetDecisionProofRequest.newBuilder().setPosition(300).build()));
    }

    @Test
    void anyTwoCheckpointsAreConsistent() throws Exception {
        for (int size : SIZES) {
            for (int older : SIZES) {
                if (older <= size) {
                    Files.write(
                            directory.resolve("from"),
                            ledger.reader.head(TENANT, older).orElseThrow().note());
                    Files.writeString(directory.resolve("proof"), consistency(older, size));
                    assertThat(audit(
                                    "consistency",
                                    "--from",
                                    directory.resolve("from").toString()))
                            .as("%d to %d", older, size)
                            .contains("from        " + older + " records, signed by", "size        " + size)
                            .endsWith("PROVEN\n")
                            .doesNotContain("NOT PROVEN");
                }
            }
        }
        assertThat(consistency(300, 0)).startsWith("old 300\n").isEqualTo(consistency(300, 777));
    }

    @Test
    void whatNoCheckpointCoversIsNotProven() {
        refused(LedgerRejection.NO_SUCH_POSITION, () -> inclusion(777, 0));
        refused(LedgerRejection.NO_SUCH_POSITION, () -> inclusion(400, 400));
        refused(LedgerRejection.NO_SUCH_POSITION, () -> inclusion(-1, 0));
        refused(LedgerRejection.NO_SUCH_CHECKPOINT, () -> inclusion(0, 401));
        refused(LedgerRejection.NO_SUCH_CHECKPOINT, () -> inclusion(0, -1));
        refused(LedgerRejection.NO_SUCH_CHECKPOINT, () -> inclusion(0, Long.MAX_VALUE));
        refused(LedgerRejection.NO_SUCH_CHECKPOINT, () -> consistency(1, 778));
        refused(LedgerRejection.OLD_SIZE_LARGER, () -> consistency(401, 400));
        refused(LedgerRejection.OLD_SIZE_LARGER, () -> consistency(778, 0));
        refused(LedgerRejection.OLD_SIZE_LARGER, () -> consistency(-1, 0));
    }

    @Test
    void anotherTenantsTreeIsNotThere() {
        refused(
                LedgerRejection.NO_SUCH_CHECKPOINT,
                () -> proofs.inclusion(context(OTHER_TENANT, ACTOR, LACKS_IT), inclusionRequest(0, 0)));
        refused(
                LedgerRejection.NO_SUCH_CHECKPOINT,
                () -> proofs.consistency(
                        OTHER_TENANT,
                        GetConsistencyProofRequest.newBuilder().setOldSize(1).build()));
    }

    private static void refused(Rejection why, ThrowingCallable asking) {
        assertThatThrownBy(asking)
                .isInstanceOfSatisfying(RefusedException.class, refusal -> assertThat(refusal.rejection())
                        .isEqualTo(why));
    }

    private static String inclusion(long position, long size) throws RefusedException {
        return proofs.inclusion(context(TENANT, ACTOR, LACKS_IT), inclusionRequest(position, size))
                .getProof();
    }

    private static GetInclusionProofRequest inclusionRequest(long position, long size) {
        return GetInclusionProofRequest.newBuilder()
                .setPosition(position)
                .setTreeSize(size)
                .build();
    }

    private static ReadContext context(String tenant, String caller, ReadContext.Requirement requirement) {
        return new ReadContext(CopiesTest.principal(tenant, caller, "session"), 0, requirement);
    }

    private static String consistency(long older, long size) throws RefusedException {
        var request = GetConsistencyProofRequest.newBuilder().setOldSize(older).setTreeSize(size);
        return proofs.consistency(TENANT, request.build()).getProof();
    }

    private static String audit(String command, String... more) {
        var out = new ByteArrayOutputStream();
        var print = new PrintStream(out, true, UTF_8);
        var arguments = new java.util.ArrayList<>(List.of(
                command,
                "--proof",
                directory.resolve("proof").toString(),
                "--trust",
                directory.resolve("trust").toString()));
        arguments.addAll(List.of(more));
        dev.chancery.auditor.Main.run(arguments.toArray(String[]::new), print, print);
        return out.toString(UTF_8);
    }
}
