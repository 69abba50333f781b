package dev.chancery.identity;

import static dev.chancery.identity.Requests.bearer;
import static dev.chancery.identity.Requests.code;
import static dev.chancery.identity.Requests.organisation;
import static dev.chancery.identity.Requests.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.identity.Installation.Process;
import dev.chancery.schema.identity.v1.RotateTokenKeyReply;
import dev.chancery.schema.identity.v1.RotateTokenKeyRequest;
import dev.chancery.schema.identity.v1.WithdrawTokenKeyRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The keys of access tokens, over a real log and two processes. */
class TokenKeysTest {
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

    private static String used(Process at, String token) {
        return code(at.call("CreateOrganisation", organisation(), bearer(token)));
    }

    private static List<String> published(Process at) {
        return new JsonObject(at.tokens.keySet())
                .getJsonArray("keys").stream()
                        .map(key -> ((JsonObject) key).getString("kid"))
                        .toList();
    }

    private String rotated() {
        return reply(
                        RotateTokenKeyReply.class,
                        process.call(
                                "RotateTokenKey",
                                RotateTokenKeyRequest.getDefaultInstance(),
                                bearer(process.token(clientId))))
                .getKeyId();
    }

    private String withdrawn(String keyId) {
        return code(process.call(
                "WithdrawTokenKey",
                WithdrawTokenKeyRequest.newBuilder().setKeyId(keyId).build(),
                bearer(process.token(clientId))));
    }

    @Test
    void theNextKeyIsPublishedBeforeItSignsAndTheOneBeforeVerifiesOn() {
        String before = process.token(clientId);
        List<String> keys = published(process);
        assertThat(keys).hasSize(2);
        assertThat(rotated()).isEqualTo(keys.get(1));

        String after = process.token(clientId);
        assertThat(kid(after)).isEqualTo(keys.get(1));
        // The other has read nothing since: it knows the next key already.
        assertThat(used(other, after)).isEqualTo("ok");
        assertThat(used(process, before)).isEqualTo("ok");
        assertThat(published(process)).hasSize(3).contains(keys.get(0)).startsWith(keys.get(1));
    }

    @Test
    void whatAWithdrawnKeySignedCountsNoMoreEvenWhereItWasRemembered() {
        String token = process.token(clientId);
        assertThat(used(other, token)).isEqualTo("ok");
        assertThat(withdrawn(kid(token))).isEqualTo("ok");

        assertThat(used(process, token)).isEqualTo("auth.token-invalid");
        other.tokens.refresh();
        assertThat(used(other, token)).isEqualTo("auth.token-invalid");
        String next = process.token(clientId);
        assertThat(kid(next)).isNotEqualTo(kid(token));
        assertThat(used(process, next)).isEqualTo("ok");
        assertThat(used(other, other.token(clientId))).isEqualTo("ok");
        assertThat(published(process)).hasSize(2).doesNotContain(kid(token));
        assertThat(withdrawn(kid(token))).isEqualTo("ok");
        assertThat(withdrawn("00000000")).isEqualTo("identity.no-such-token-key");
    }

    @Test
    void theNextKeyIsWithdrawnToo() {
        String next = published(process).get(1);
        assertThat(withdrawn(next)).isEqualTo("ok");
        assertThat(published(process)).hasSize(2).doesNotContain(next);
    }

    @Test
    void aKeyIsReplacedWhenItIsOldAndNotBefore() {
        String first = published(process).get(0);
        var keys = new TokenKeys(
                process.tokenKey,
                process.tokens,
                new dev.chancery.log.Streams(installation.database, dev.chancery.database.DatabaseRole.IDENTITY),
                Duration.ofDays(30),
                installation.founder()::append);
        keys.rotateWhenDue(Instant.now().plus(Duration.ofDays(29)));
        assertThat(published(process)).startsWith(first);
        keys.rotateWhenDue(Instant.now().plus(Duration.ofDays(31)));
        assertThat(published(process).get(0)).isNotEqualTo(first);
        assertThat(published(process)).hasSize(3);
    }

    /** The process that was told to died before the key was replaced: the next start does it. */
    @Test
    void whatTheLogSaysIsDoneAtTheNextStart() {
        List<String> keys = published(process);
        assertThat(installation
                        .founder()
                        .append(
                                "identity.token-key.rotate",
                                new dev.chancery.log.NewEvent(
                                        dev.chancery.kernel.StreamId.of("identity", "token-keys"),
                                        dev.chancery.schema.identity.v1.TokenKeyRotated.newBuilder()
                                                .setReplacedKeyId(keys.get(0))
                                                .setKeyId(keys.get(1))
                                                .build()),
                                0))
                .isEmpty();
        other.start();
        assertThat(kid(other.token(clientId))).isEqualTo(keys.get(1));
    }

    private static String kid(String token) {
        return new JsonObject(new String(java.util.Base64.getUrlDecoder().decode(token.split("\\.")[0])))
                .getString("kid");
    }
}
