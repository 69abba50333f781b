package dev.chancery.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.Signature;
import java.util.Base64;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ClientKeyTest {
    private static final ClientKey KEY = ClientKey.generate("instance.0199f2aa-0000-7000-8000-000000000001");

    @Test
    void aKeyReadsBackFromItsOwnText() {
        assertThat(ClientKey.parse(KEY.jwk())).isEqualTo(KEY);
        assertThat(ClientKey.parse(KEY.jwk()).publicKey()).isEqualTo(KEY.publicKey());
    }

    @Test
    void thePublicHalfVerifiesWhatThePrivateHalfSigned() throws Exception {
        // Both signs of x and every length of y come up.
        for (int i = 0; i < 64; i++) {
            ClientKey key = ClientKey.generate("x");
            byte[] message = {1, 2, 3};
            Signature verifier = Signature.getInstance("Ed25519");
            verifier.initVerify(ClientKey.publicKey(key.publicKey()));
            verifier.update(message);
            assertThat(verifier.verify(key.sign(message))).isTrue();
        }
    }

    @Test
    void anotherIdLeavesTheKeyAsItIs() {
        ClientKey renamed = KEY.withClientId("other");
        assertThat(renamed.clientId()).isEqualTo("other");
        assertThat(renamed.publicKey()).isEqualTo(KEY.publicKey());
    }

    @Test
    void halvesThatDoNotFitAreRefused() {
        String other = Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(ClientKey.generate("x").publicKey());
        String mine = Base64.getUrlEncoder().withoutPadding().encodeToString(KEY.publicKey());
        assertThatThrownBy(() -> ClientKey.parse(KEY.jwk().replace(mine, other)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("does not belong");
    }

    @Test
    void aKeyDoesNotShowItselfInText() {
        assertThat(KEY.toString()).isEqualTo("ClientKey[" + KEY.clientId() + "]");
    }

    @Property
    void whateverIsNoKeyIsRefusedAsSuch(@ForAll String text) {
        assertThatThrownBy(() -> ClientKey.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Property(tries = 200)
    void aDamagedKeyIsRefusedOrAnotherKey(@ForAll int at, @ForAll char put) {
        byte[] bytes = KEY.jwk().getBytes(StandardCharsets.ISO_8859_1);
        bytes[Math.floorMod(at, bytes.length)] = (byte) put;
        String damaged = new String(bytes, StandardCharsets.ISO_8859_1);
        try {
            ClientKey parsed = ClientKey.parse(damaged);
            assertThat(parsed.publicKey()).isEqualTo(KEY.publicKey());
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageNotContaining("null");
        }
    }
}
