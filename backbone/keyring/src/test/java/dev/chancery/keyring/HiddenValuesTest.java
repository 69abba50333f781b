package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.id;
import static dev.chancery.keyring.Ring.reason;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.testkit.Backing;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** Values of which the log keeps commitments. */
class HiddenValuesTest {
    private static final String ADDRESS = "203.0.113.7";
    private static final String TYPE = "chancery.identity.v1.SessionOpened";
    private static final String FIELD = TYPE + ".address";

    private final Keyring keyring = new Keyring(Ring.DATABASE, Ring.SEALER, Set.of(FIELD));
    private final String tenant = id();
    private final String subject = id();
    private final SealContext where = address(tenant, subject);
    private final Sealed hidden = keyring.seal(where, ADDRESS);

    private static SealContext address(String tenant, String subject) {
        return new SealContext(
                tenant, subject, RetentionClass.RETENTION_CLASS_ACCOUNT, UUID.randomUUID(), TYPE, "address");
    }

    @Test
    void nobodyReadsAHiddenValueAndWhoeverHasItRecognisesIt() {
        assertThat(hidden.getCiphertext()).isEmpty();
        for (Keyring process : List.of(keyring, Ring.fresh())) {
            assertThat(process.open(where, hidden)).isEqualTo(new Opened.Hidden());
            assertThat(process.matches(where, hidden, ADDRESS)).isTrue();
            for (String other : List.of("203.0.113.8", "203.0.113.70", "203.0.113.", "")) {
                assertThat(process.matches(where, hidden, other)).isFalse();
            }
        }
    }

    /** Whoever takes the ciphertext away makes no hidden value of another one. */
    @Test
    void whatIsNeverHiddenIsBrokenWithoutItsCiphertext() {
        SealContext why = reason(tenant, subject);
        Sealed cut = keyring.seal(why, "because").toBuilder().clearCiphertext().build();

        assertThatExceptionOfType(SealBroken.class).isThrownBy(() -> keyring.open(why, cut));
        assertThatExceptionOfType(SealBroken.class).isThrownBy(() -> keyring.matches(why, cut, "because"));
    }

    @Test
    void onlyTheFieldsThatAreNamedAreHidden() {
        SealContext why = reason(tenant, subject);
        Sealed sealed = keyring.seal(why, "because");

        assertThat(keyring.open(why, sealed).text()).contains("because");
        assertThat(keyring.matches(why, sealed, "because")).isTrue();
        assertThat(keyring.matches(why, sealed, "not because")).isFalse();
    }

    @Test
    void aHiddenValueIsRecognisedNowhereElse() {
        var otherEntry = address(tenant, subject);
        var otherField = new SealContext(tenant, subject, where.retention(), where.entryId(), where.type(), "client");

        assertThat(keyring.matches(otherEntry, hidden, ADDRESS)).isFalse();
        assertThat(keyring.matches(otherField, hidden, ADDRESS)).isFalse();
        assertThatExceptionOfType(SealBroken.class)
                .isThrownBy(() -> keyring.matches(address(tenant, id()), hidden, ADDRESS));
        String elsewhere = id();
        keyring.seal(address(elsewhere, subject), ADDRESS);
        var sameElsewhere =
                new SealContext(elsewhere, subject, where.retention(), where.entryId(), where.type(), where.field());
        assertThat(keyring.matches(sameElsewhere, hidden, ADDRESS)).isFalse();
    }

    @Test
    void twoRecordsOfOneValueHaveNothingInCommon() {
        Sealed again = keyring.seal(where, ADDRESS);

        assertThat(again.getNonce()).isNotEqualTo(hidden.getNonce());
        assertThat(again.getCommitment()).isNotEqualTo(hidden.getCommitment());
    }

    @Test
    void whatWasAlteredIsAnotherValue() {
        Sealed altered =
                hidden.toBuilder().setNonce(ByteString.copyFrom(new byte[24])).build();

        assertThat(keyring.matches(where, altered, ADDRESS)).isFalse();
    }

    @Test
    void ofWhomWasForgottenNothingIsRecognised() {
        Ring.destroy(keyring, tenant, subject);

        for (Keyring process : List.of(keyring, Ring.fresh())) {
            assertThat(process.matches(where, hidden, ADDRESS)).isFalse();
            assertThat(process.open(where, hidden)).isEqualTo(new Opened.Forgotten());
        }
    }

    @Test
    void aHiddenValueIsRecognisedWhenTheTenantsKeyWasReplaced() {
        try (Database database = Backing.database("keyring")) {
            Sealer sealer = Ring.sealer();
            var before = new Keyring(database, sealer, Set.of(FIELD));
            Sealed old = before.seal(where, ADDRESS);
            var tenants = new TenantKeys(database, sealer);
            tenants.advance(tenant, 2);
            new SubjectKeys(database, tenants).rewrap(tenant, 100);
            assertThat(tenants.destroyBefore(tenant, 2)).isTrue();

            assertThat(new Keyring(database, sealer).matches(where, old, ADDRESS))
                    .isTrue();
        }
    }

    /** docs/reference/formats.md, "Hidden values", written down by hand. */
    @Test
    void theCommitmentIsTheDocumentedOne() throws Exception {
        byte[] key = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        byte[] context = where.associatedData(1);
        byte[] committed =
                Commitment.to(SecretBytes.owning(key.clone()), context, ADDRESS.getBytes(StandardCharsets.US_ASCII));
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        mac.update(new byte[] {0, 0, 0, 22});
        mac.update("chancery/commitment/v1".getBytes(StandardCharsets.US_ASCII));
        mac.update(committed, 0, 24);
        mac.update(context);
        mac.update(ADDRESS.getBytes(StandardCharsets.US_ASCII));
        mac.update((byte) 1);

        assertThat(committed).hasSize(56).endsWith(mac.doFinal());
    }
}
