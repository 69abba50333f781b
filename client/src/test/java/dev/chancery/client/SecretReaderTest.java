package dev.chancery.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.schema.vault.v1.ReadSecretReply;
import io.grpc.Status;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class SecretReaderTest {
    private static final String REFERENCE = "vault://prod/db/password";
    private static final long SECOND = 1_000_000_000L;

    private final AtomicInteger asked = new AtomicInteger();
    private long now;
    private long wallMillis = 1_800_000_000_000L;
    private Supplier<ReadSecretReply> answer = () -> value("one");
    private final SecretReader reader = new SecretReader(
            settings(),
            (secret, version) -> {
                asked.incrementAndGet();
                assertThat(secret).isEqualTo("prod/db/password");
                return answer.get();
            },
            () -> now,
            () -> Instant.ofEpochMilli(wallMillis),
            () -> {});

    private static SecretReaderSettings settings() {
        try {
            return new SecretReaderSettings(
                    "127.0.0.1",
                    1,
                    true,
                    "http://127.0.0.1:1",
                    "o.p",
                    KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate(),
                    "prod",
                    Duration.ofSeconds(30),
                    Duration.ofMinutes(5));
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static ReadSecretReply value(String value) {
        return ReadSecretReply.newBuilder().setValue(value).setSecretVersion(1).build();
    }

    private static ReadSecretReply refuse(Status status) {
        throw status.asRuntimeException();
    }

    @Test
    void aValueIsKeptForAWhileAndReadAgainAfterIt() {
        assertThat(reader.read(REFERENCE)).isEqualTo("one");
        answer = () -> value("two");
        now = 29 * SECOND;
        assertThat(reader.read(REFERENCE)).isEqualTo("one");
        now = 30 * SECOND;
        assertThat(reader.read(REFERENCE)).isEqualTo("two");
        assertThat(asked).hasValue(2);
    }

    @Test
    void aVersionThatHasEndedIsNotUsedHoweverShortTheTime() {
        answer = () ->
                value("one").toBuilder().setUntilMillis(wallMillis + 1_000).build();
        assertThat(reader.read(REFERENCE)).isEqualTo("one");
        answer = () -> value("two");
        wallMillis += 999;
        assertThat(reader.read(REFERENCE)).isEqualTo("one");
        wallMillis += 1;
        assertThat(reader.read(REFERENCE)).isEqualTo("two");
    }

    @Test
    void aVersionThatHasEndedIsNotUsedThoughTheInstanceIsNotHeard() {
        answer = () ->
                value("one").toBuilder().setUntilMillis(wallMillis + 40_000).build();
        reader.read(REFERENCE);
        answer = () -> refuse(Status.UNAVAILABLE);
        now = 39 * SECOND;
        wallMillis += 39_000;
        assertThat(reader.read(REFERENCE)).isEqualTo("one");
        now = 40 * SECOND;
        wallMillis += 1_000;
        assertThatThrownBy(() -> reader.read(REFERENCE))
                .isInstanceOf(SecretReader.Unavailable.class)
                .hasMessageContaining("UNAVAILABLE");
    }

    @Test
    void whileTheInstanceIsNotHeardTheLastValueGoesOnForAWhile() {
        reader.read(REFERENCE);
        answer = () -> refuse(Status.UNAVAILABLE);
        now = 299 * SECOND;
        assertThat(reader.read(REFERENCE)).isEqualTo("one");
        now = 300 * SECOND;
        assertThatThrownBy(() -> reader.read(REFERENCE))
                .isInstanceOf(SecretReader.Unavailable.class)
                .hasMessageContaining(REFERENCE)
                .hasMessageNotContaining("one");
    }

    @Test
    void aRefusalEndsItAtOnce() {
        reader.read(REFERENCE);
        answer = () -> refuse(Status.PERMISSION_DENIED.withDescription("vault.not-listed"));
        now = 31 * SECOND;
        assertThatThrownBy(() -> reader.read(REFERENCE)).hasMessageContaining("vault.not-listed");
        answer = () -> refuse(Status.UNAVAILABLE);
        assertThatThrownBy(() -> reader.read(REFERENCE)).hasMessageContaining("UNAVAILABLE");
    }

    @Test
    void anotherEnvironmentsReferenceAndWhatIsNoneAreNotAskedFor() {
        assertThatThrownBy(() -> reader.read("vault://test/db/password")).hasMessageContaining("another environment");
        assertThatThrownBy(() -> reader.read("vault://Prod")).hasMessageContaining("no reference");
        assertThat(asked).hasValue(0);
    }
}
