package dev.chancery.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecisionPointSettingsTest {
    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "::1"})
    void thisMachineIsAskedWithoutTls(String host) throws Exception {
        assertThat(settings(host).withoutTls().plaintext()).isTrue();
    }

    @Test
    void anotherMachineIsAskedOverTlsOnly() throws Exception {
        DecisionPointSettings elsewhere = settings("chancery.example");
        assertThat(elsewhere.plaintext()).isFalse();
        assertThatThrownBy(elsewhere::withoutTls)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TLS");
    }

    private static DecisionPointSettings settings(String host) throws Exception {
        PrivateKey key =
                KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate();
        return DecisionPointSettings.of(host, 9000, "http://127.0.0.1:8080", "acme.reader", key);
    }
}
