package dev.chancery.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class SecretBytesTest {
    @Test
    void destroyingZeroesTheKeyItself() {
        byte[] bytes = {1, 2, 3};
        SecretBytes secret = SecretBytes.owning(bytes);

        secret.destroy();

        assertThat(bytes).containsOnly(0);
        assertThat(secret.isDestroyed()).isTrue();
        assertThatExceptionOfType(KeyDestroyed.class).isThrownBy(secret::getEncoded);
    }

    @Test
    void whoeverZeroesACopyLeavesTheKey() {
        SecretBytes secret = SecretBytes.owning(new byte[] {1, 2, 3});

        secret.getEncoded()[0] = 0;

        assertThat(secret.getEncoded()).containsExactly(1, 2, 3);
    }

    @Test
    void nothingThatHoldsAKeyShowsIt() {
        byte[] bytes = HexFormat.of().parseHex("deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef");
        SecretBytes secret = SecretBytes.owning(bytes);

        assertThat(secret).hasToString("SecretBytes[hidden]");
        assertThat(new SubjectKey(1, 1, KeyState.CURRENT, secret))
                .hasToString("SubjectKey[retention=1, version=1, state=CURRENT, secret=SecretBytes[hidden]]");
        assertThat(new Opened.Plain(bytes)).hasToString("Plain[hidden]");
        assertThat(new TenantKey(3, true, secret)).hasToString("TenantKey[version=3, hidden]");
    }

    @Test
    void aKeyIsNeverSerialized() throws Exception {
        try (var out = new ObjectOutputStream(new ByteArrayOutputStream())) {
            assertThatExceptionOfType(NotSerializableException.class)
                    .isThrownBy(() -> out.writeObject(SecretBytes.random()));
        }
    }
}
