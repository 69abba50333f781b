package dev.chancery.identity;

import static dev.chancery.identity.Requests.asking;
import static dev.chancery.identity.Requests.bearer;
import static dev.chancery.identity.Requests.code;
import static dev.chancery.identity.Requests.nobody;
import static dev.chancery.identity.Requests.offline;
import static dev.chancery.identity.Requests.refreshing;
import static dev.chancery.identity.Requests.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.identity.Installation.Process;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.identity.v1.ChangeKeyRequest;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What failed sign-ins leave: one record of a minute under each principal's name, and a count. */
class FailedSignInsTest {
    @TempDir
    private Path directory;

    private final SimpleMeterRegistry counts = new SimpleMeterRegistry();
    private Installation installation;
    private Process process;
    private String clientId = "";
    private long before;

    @BeforeEach
    void anOwner() throws IOException {
        Metrics.addRegistry(counts);
        installation = new Installation(directory);
        process = installation.new Process();
        process.start();
        clientId = installation.claimed(process).getClientId();
        before = installation.head(Principal.INSTANCE);
    }

    @AfterEach
    void close() {
        installation.close();
        Metrics.removeRegistry(counts);
    }

    @Test
    void failuresUnderAPrincipalsNameShareARecordThatSaysHowMany() {
        String late = installation.owner.signed(
                Client.header(), Client.claims(clientId).put("exp", 1));
        for (int i = 0; i < 3; i++) {
            fails(new Client().assertion(clientId), "identity.assertion-invalid");
        }
        fails(late, "identity.assertion-time");
        assertThat(records()).isEmpty();

        process.writeShared();

        assertThat(records()).singleElement().satisfies(record -> {
            assertThat(record.getAction()).isEqualTo("identity.token.issue");
            assertThat(record.getActor().getType()).isEqualTo(ActorType.ACTOR_TYPE_SYSTEM);
            assertThat(record.getTarget().getType()).isEqualTo("principal");
            assertThat(Principal.INSTANCE + "." + record.getTarget().getId()).isEqualTo(clientId);
            assertThat(record.getClient().getKey().getSubject())
                    .isEqualTo(record.getTarget().getId());
            assertThat(record.getOutcome().getResult()).isEqualTo(Result.DENIED);
            assertThat(record.getOutcome().getCode()).isEqualTo("identity.assertion-time");
            assertThat(record.getOutcome().getDenials()).isEqualTo(4);
        });
        assertThat(failed("identity.assertion-invalid", "named")).isEqualTo(3);
        assertThat(failed("identity.assertion-time", "named")).isEqualTo(1);
    }

    @Test
    void oneFailureIsARecordToo() {
        fails(new Client().assertion(clientId), "identity.assertion-invalid");
        process.writeShared();

        assertThat(records()).singleElement().satisfies(record -> assertThat(
                        record.getOutcome().getDenials())
                .isZero());
    }

    @Test
    void namesThatNobodyHasAreCountedAndLeaveNoRecord() {
        fails(new Client().assertion("instance.0199f2aa-0000-7000-8000-00000000000b"), "identity.assertion-invalid");
        fails(new Client().assertion("acme.0199f2aa-0000-7000-8000-00000000000b"), "identity.assertion-invalid");
        fails("a.b.c", "identity.assertion-invalid");
        process.writeShared();

        assertThat(records()).isEmpty();
        assertThat(failed("identity.assertion-invalid", "unknown")).isEqualTo(3);
    }

    @Test
    void anAssertionThatIsSentAgainIsRecorded() {
        String assertion = installation.owner.assertion(clientId);
        IssueTokenReply open = reply(IssueTokenReply.class, process.call("IssueToken", offline(assertion), nobody()));
        before = installation.head(Principal.INSTANCE);
        fails(assertion, "identity.assertion-replayed");
        assertThat(code(process.call("RefreshToken", refreshing(open.getRefreshToken(), assertion), nobody())))
                .isEqualTo("identity.assertion-replayed");
        process.writeShared();

        assertThat(records()).singleElement().satisfies(record -> {
            assertThat(record.getAction()).isEqualTo("identity.session.refresh");
            assertThat(record.getOutcome().getCode()).isEqualTo("identity.assertion-replayed");
            assertThat(record.getOutcome().getDenials()).isEqualTo(2);
        });
    }

    /** Another process may have replaced it: this one knows the key of before, and lets nobody in by it. */
    @Test
    void whoeverHasAReplacedKeyIsRecordedAndRecognisedNoMore() {
        process.token(clientId);
        Process other = installation.new Process();
        String owner = clientId.substring(clientId.indexOf('.') + 1);
        assertThat(code(other.call(
                        "ChangeKey",
                        ChangeKeyRequest.newBuilder()
                                .setPrincipalId(owner)
                                .setPublicKey(new Client().publicKey())
                                .build(),
                        bearer(other.token(clientId)))))
                .isEqualTo("ok");
        before = installation.head(Principal.INSTANCE);

        fails(installation.owner.assertion(clientId), "identity.assertion-invalid");
        fails(installation.owner.assertion(clientId), "identity.assertion-invalid");
        process.writeShared();

        assertThat(failed("identity.assertion-invalid", "recognised")).isEqualTo(1);
        assertThat(failed("identity.assertion-invalid", "named")).isEqualTo(1);
        assertThat(records()).singleElement().satisfies(record -> assertThat(
                        record.getOutcome().getDenials())
                .isEqualTo(2));
    }

    private void fails(String assertion, String code) {
        assertThat(code(process.call("IssueToken", asking(assertion), nobody())))
                .isEqualTo(code);
    }

    private double failed(String code, String caller) {
        var counter = counts.find("chancery.sign.ins.failed")
                .tags("code", code, "caller", caller)
                .counter();
        return counter == null ? 0 : counter.count();
    }

    /** What the installation's log got since. */
    private List<Statement> records() {
        return installation.database.inTenant(DatabaseRole.IDENTITY, Principal.INSTANCE, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT record FROM log.record WHERE tenant = ? AND position > ? ORDER BY position")) {
                query.setString(1, Principal.INSTANCE);
                query.setLong(2, before);
                List<Statement> found = new ArrayList<>();
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        found.add(statement(rows.getBytes(1)));
                    }
                }
                return found;
            }
        });
    }

    private static Statement statement(byte[] record) {
        try {
            var entry = Record.parseFrom(record).getEntry();
            return Statement.parseFrom(entry.substring(1, entry.size() - 64));
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }
}
