package dev.chancery.identity;

import static dev.chancery.identity.Requests.bearer;
import static dev.chancery.identity.Requests.code;
import static dev.chancery.identity.Requests.organisation;
import static dev.chancery.identity.Requests.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.database.DatabaseRole;
import dev.chancery.identity.Installation.Process;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.identity.v1.ListSigningKeysReply;
import dev.chancery.schema.identity.v1.ListSigningKeysRequest;
import dev.chancery.schema.identity.v1.ListedSigningKey;
import dev.chancery.schema.identity.v1.RotateSigningKeysReply;
import dev.chancery.schema.identity.v1.RotateSigningKeysRequest;
import dev.chancery.schema.identity.v1.SigningKeyState;
import dev.chancery.schema.identity.v1.SigningKeyWithdrawn;
import dev.chancery.schema.identity.v1.SigningKeysRotated;
import dev.chancery.schema.identity.v1.WithdrawSigningKeyRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The keys that sign records and statements, over a real log and two processes. */
class SigningKeyMethodsTest {
    private static final String SOURCE = "ch-test/source/identity";

    @TempDir
    private Path directory;

    private Installation installation;
    private Process process;
    private Process other;
    private String clientId = "";

    @BeforeEach
    void anOwner() throws IOException {
        installation = new Installation(directory);
        process = installation.new Process();
        process.start();
        clientId = installation.claimed(process).getClientId();
        other = installation.new Process();
    }

    @AfterEach
    void close() {
        installation.close();
    }

    /** As if the owner asked, whose capabilities the boundary looks at. */
    private ListSigningKeysReply list(ListSigningKeysRequest.Builder request) {
        var owner = new Principal(
                Principal.Type.USER,
                "owner",
                Installation.INSTANCE,
                Optional.empty(),
                "session",
                Optional.empty(),
                Instant.now());
        try {
            return new SigningKeyMethods(process.rotation, installation.streams())
                    .list(new ReadContext(owner, 0, capability -> {}), request.build());
        } catch (RefusedException e) {
            throw new AssertionError(e);
        }
    }

    private List<ListedSigningKey> listed(String keys) {
        return list(ListSigningKeysRequest.newBuilder().setKeys(keys)).getKeysList();
    }

    private String idOf(String name, SigningKeyState state) {
        return listed(name).stream()
                .filter(key -> key.getState() == state)
                .map(ListedSigningKey::getKeyId)
                .findFirst()
                .orElseThrow();
    }

    private int rotated(String keys) {
        return reply(
                        RotateSigningKeysReply.class,
                        process.call(
                                "RotateSigningKeys",
                                RotateSigningKeysRequest.newBuilder()
                                        .setKeys(keys)
                                        .build(),
                                bearer(process.token(clientId))))
                .getKeys();
    }

    private String withdrawn(String name, String keyId) {
        return code(process.call(
                "WithdrawSigningKey",
                WithdrawSigningKeyRequest.newBuilder()
                        .setName(name)
                        .setKeyId(keyId)
                        .build(),
                bearer(process.token(clientId))));
    }

    private String created(Process by) {
        return code(by.call("CreateOrganisation", organisation(), bearer(process.token(clientId))));
    }

    @Test
    void anotherKeySignsOnceTheAnswerIsThere() {
        String before = idOf(SOURCE, SigningKeyState.SIGNING);
        assertThat(rotated(SOURCE)).isEqualTo(1);
        assertThat(listed(SOURCE)).hasSize(2);
        assertThat(idOf(SOURCE, SigningKeyState.SIGNED)).isEqualTo(before);
        assertThat(created(process)).isEqualTo("ok");
        assertThat(created(other)).isEqualTo("ok");
        assertThat(idOf(SOURCE, SigningKeyState.SIGNING)).isNotEqualTo(before);
    }

    @Test
    void eachRotationReplacesWhatTheOneBeforeMade() {
        for (int i = 1; i <= 5; i++) {
            assertThat(rotated("sources")).isEqualTo(1);
            assertThat(listed(SOURCE)).hasSize(i + 1);
        }
    }

    @Test
    void aWithdrawnKeyIsReplacedAndAppendsGoOn() {
        String stolen = idOf(SOURCE, SigningKeyState.SIGNING);
        assertThat(withdrawn(SOURCE, stolen)).isEqualTo("ok");
        assertThat(idOf(SOURCE, SigningKeyState.WITHDRAWN)).isEqualTo(stolen);
        assertThat(created(process)).isEqualTo("ok");
        assertThat(created(other)).isEqualTo("ok");
        assertThat(withdrawn(SOURCE, stolen)).isEqualTo("ok");
        assertThat(listed(SOURCE)).hasSize(2);
    }

    @Test
    void noAnswerSaysThatAKeyIsWithdrawnWhileAnAppendThatItSignsIsUnderWay() throws Exception {
        String stolen = idOf(SOURCE, SigningKeyState.SIGNING);
        try (var append = installation.database.connection(DatabaseRole.KEYRING);
                var lock = append.prepareStatement("SELECT pg_advisory_xact_lock_shared(hashtextextended(?, 5))")) {
            lock.setString(1, SOURCE);
            lock.execute();
            assertThat(withdrawn(SOURCE, stolen)).isIn("backbone.unavailable", "backbone.outcome-unknown");
            append.rollback();
        }
        assertThat(withdrawn(SOURCE, stolen)).isEqualTo("ok");
        assertThat(idOf(SOURCE, SigningKeyState.WITHDRAWN)).isEqualTo(stolen);
    }

    @Test
    void aReplacedKeyIsWithdrawnToo() {
        String before = idOf(SOURCE, SigningKeyState.SIGNING);
        rotated(SOURCE);
        String now = idOf(SOURCE, SigningKeyState.SIGNING);
        assertThat(withdrawn(SOURCE, before)).isEqualTo("ok");
        assertThat(idOf(SOURCE, SigningKeyState.SIGNING)).isEqualTo(now);
    }

    @Test
    void whatIsNoSuchKeyIsRefusedAndChangesNothing() {
        for (String keys : List.of("ch-test/token", "ch-test/none", "ch-other/source/identity", "statements")) {
            assertThat(code(process.call(
                            "RotateSigningKeys",
                            RotateSigningKeysRequest.newBuilder().setKeys(keys).build(),
                            bearer(process.token(clientId)))))
                    .as(keys)
                    .isEqualTo("identity.no-such-signing-key");
        }
        assertThat(withdrawn(SOURCE, "00000000")).isEqualTo("identity.no-such-signing-key");
        String token =
                String.format("%08x", process.tokenKey.known().getFirst().key().keyId());
        assertThat(withdrawn("ch-test/token", token)).isEqualTo("identity.no-such-signing-key");
        assertThat(listed("")).hasSize(1);
    }

    @Test
    void aPageAfterTheOtherHasThemAll() {
        process.signingKeys.signer("ch-test/receipt");
        process.signingKeys.signer("ch-test/dsar");
        String page = "";
        int pages = 0;
        do {
            var reply = list(ListSigningKeysRequest.newBuilder().setPageSize(1).setPage(page));
            assertThat(reply.getKeysList()).hasSize(1);
            page = reply.getNextPage();
            pages++;
        } while (!page.isEmpty());
        assertThat(pages).isEqualTo(3);
    }

    /** The process that was told to died before the keys turned: the next start does it. */
    @Test
    void whatTheLogSaysIsDoneAtTheNextStart() {
        String stolen = idOf(SOURCE, SigningKeyState.SIGNING);
        process.signingKeys.signer("ch-test/receipt");
        StreamId stream = StreamId.of("identity", "signing-keys");
        assertThat(installation
                        .founder()
                        .append(
                                "identity.signing-key.withdraw",
                                new NewEvent(
                                        stream,
                                        SigningKeyWithdrawn.newBuilder()
                                                .setName(SOURCE)
                                                .setKeyId(stolen)
                                                .build()),
                                0))
                .isEmpty();
        assertThat(installation
                        .founder()
                        .append(
                                "identity.signing-key.rotate",
                                new NewEvent(
                                        stream,
                                        SigningKeysRotated.newBuilder()
                                                .setKeys("statements")
                                                .setMadeBeforeMicros(System.currentTimeMillis() * 1000 + 1_000_000)
                                                .build()),
                                1))
                .isEmpty();
        assertThat(idOf(SOURCE, SigningKeyState.SIGNING)).isEqualTo(stolen);
        other.start();
        assertThat(idOf(SOURCE, SigningKeyState.WITHDRAWN)).isEqualTo(stolen);
        assertThat(listed("ch-test/receipt")).hasSize(2);
        assertThat(created(process)).isEqualTo("ok");
    }

    /** What settles is done by a process that holds the keys; the ledger's are not the core's. */
    @Test
    void theKeysOfLogsWaitForTheirHolder() {
        String log = "ch-test/instance";
        process.signingKeys.signer(log);
        assertThat(rotated("logs")).isEqualTo(1);
        assertThat(listed(log)).hasSize(1);
        assertThat(rotated("logs")).as("they are being replaced already").isZero();
        process.rotation.settle(DatabaseRole.LEDGER);
        assertThat(listed(log)).hasSize(2);
    }
}
