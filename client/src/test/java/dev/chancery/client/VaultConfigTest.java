package dev.chancery.client;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where secrets may be read from. */
class VaultConfigTest {
    @TempDir
    Path directory;

    private SmallRyeConfig config(String url, String grpc) throws IOException {
        byte[] seed = new byte[32];
        new SecureRandom().nextBytes(seed);
        Path key = Files.writeString(
                directory.resolve("client.jwk"),
                "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"o.p\",\"d\":\""
                        + Base64.getUrlEncoder().withoutPadding().encodeToString(seed) + "\"}");
        return new SmallRyeConfigBuilder()
                .withInterceptors(new VaultConfig())
                .withDefaultValue("password", "vault://prod/db/password")
                .withDefaultValue("chancery.vault.url", url)
                .withDefaultValue("chancery.vault.grpc", grpc)
                .withDefaultValue("chancery.vault.key", key.toString())
                .build();
    }

    @ParameterizedTest
    @CsvSource({
        "http://vault.example.com, vault.example.com:1",
        "http://127.0.0.1:1, vault.example.com:1",
        "http://vault.example.com, 127.0.0.1:1",
        "HTTP://127.0.0.1.example.com, 127.0.0.1.example.com:1",
        "http://localhost.example.com, localhost:1",
        "ftp://127.0.0.1, 127.0.0.1:1"
    })
    void secretsDoNotTravelInClear(String url, String grpc) throws Exception {
        SmallRyeConfig config = config(url, grpc);
        assertThatThrownBy(() -> config.getValue("password", String.class)).hasMessageContaining("https URL");
    }

    /** Nobody listens there, which is as far as it gets. */
    @ParameterizedTest
    @CsvSource({"http://127.0.0.1:1, 127.0.0.1:1", "http://localhost:1, localhost:1", "https://127.0.0.1:1, 127.0.0.1:1"
    })
    void onThisMachineTheyMay(String url, String grpc) throws Exception {
        SmallRyeConfig config = config(url, grpc);
        assertThatThrownBy(() -> config.getValue("password", String.class))
                .hasMessageStartingWith("vault://prod/db/password: ");
    }

    @Test
    void aReaderInClearIsForThisMachine() {
        assertThatThrownBy(() -> new SecretReaderSettings(
                        "vault.example.com",
                        1,
                        true,
                        "http://vault.example.com",
                        "o.p",
                        java.security.KeyPairGenerator.getInstance("Ed25519")
                                .generateKeyPair()
                                .getPrivate(),
                        "",
                        SecretReaderSettings.KEPT,
                        SecretReaderSettings.UNHEARD))
                .hasMessageContaining("in clear");
    }
}
