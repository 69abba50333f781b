package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.email;
import static dev.chancery.keyring.Ring.id;
import static dev.chancery.keyring.Ring.reason;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.protobuf.ByteString;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.log.v1.Sealed;
import dev.chancery.schema.options.v1.RetentionClass;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyringTest {
    private static final String OTHER = "ffffffff-0000-0000-0000-000000000000";

    private final Keyring keyring = Ring.fresh();
    private final SealContext where = email(id(), id());

    @Test
    void whatIsSealedOpensInThisProcessAndInTheNext() {
        Sealed sealed = keyring.seal(where, "ada@example.org");

        assertThat(keyring.open(where, sealed).text()).contains("ada@example.org");
        assertThat(Ring.fresh().open(where, sealed).text()).contains("ada@example.org");
    }

    @Test
    void aSealedValueHasTheShapeOfItsContract() {
        Sealed sealed = keyring.seal(where, "ada@example.org");

        assertThat(sealed.getKey().getSubject()).isEqualTo(where.subject());
        assertThat(sealed.getKey().getRetention()).isEqualTo(RetentionClass.RETENTION_CLASS_ACCOUNT);
        assertThat(sealed.getKey().getVersion()).isEqualTo(1);
        assertThat(sealed.getNonce().size()).isEqualTo(24);
        assertThat(sealed.getCommitment().size()).isEqualTo(32);
        assertThat(sealed.getCiphertext().size()).isEqualTo(32 + 16);
    }

    @Test
    void lengthsWithinABlockAreNotTold() {
        assertThat(keyring.seal(where, "").getSerializedSize())
                .isEqualTo(keyring.seal(where, "x".repeat(31)).getSerializedSize())
                .isLessThan(keyring.seal(where, "x".repeat(32)).getSerializedSize());
    }

    @Test
    void whatIsAboutNobodyIsSealedToTheTenant() {
        SealContext nobody = email(id(), "");

        Sealed sealed = keyring.seal(nobody, "Acme Ltd");

        assertThat(sealed.getKey().getSubject()).isEmpty();
        assertThat(Ring.fresh().open(nobody, sealed).text()).contains("Acme Ltd");
    }

    static Stream<UnaryOperator<SealContext>> elsewhere() {
        return Stream.of(
                c -> new SealContext(id(), c.subject(), c.retention(), c.entryId(), c.type(), c.field()),
                c -> new SealContext(c.tenant(), OTHER, c.retention(), c.entryId(), c.type(), c.field()),
                c -> new SealContext(c.tenant(), "", c.retention(), c.entryId(), c.type(), c.field()),
                c -> new SealContext(
                        c.tenant(),
                        c.subject(),
                        RetentionClass.RETENTION_CLASS_AUDIT,
                        c.entryId(),
                        c.type(),
                        c.field()),
                c -> new SealContext(c.tenant(), c.subject(), c.retention(), UUID.randomUUID(), c.type(), c.field()),
                c -> new SealContext(c.tenant(), c.subject(), c.retention(), c.entryId(), c.type() + "X", c.field()),
                c -> new SealContext(c.tenant(), c.subject(), c.retention(), c.entryId(), c.type(), "display_name"),
                // the same letters, divided elsewhere
                c -> new SealContext(
                        c.tenant(),
                        c.subject(),
                        c.retention(),
                        c.entryId(),
                        c.type() + "e",
                        c.field().substring(1)));
    }

    @ParameterizedTest
    @MethodSource("elsewhere")
    void aValueTakenElsewhereDoesNotOpen(UnaryOperator<SealContext> moved) {
        Sealed sealed = keyring.seal(where, "ada@example.org");
        SealContext other = moved.apply(where);
        // every key that could be tried exists
        keyring.seal(other, "x");

        assertBroken(other, sealed);
        // and with the reference rewritten to fit
        assertBroken(
                other,
                sealed.toBuilder()
                        .setKey(sealed.getKey().toBuilder()
                                .setSubject(other.subject())
                                .setRetention(other.retention()))
                        .build());
    }

    static Stream<UnaryOperator<Sealed.Builder>> alterations() {
        return Stream.of(
                s -> s.setNonce(flipped(s.getNonce())),
                s -> s.setCommitment(flipped(s.getCommitment())),
                s -> s.setCiphertext(flipped(s.getCiphertext())),
                s -> s.setNonce(s.getNonce().substring(1)),
                s -> s.setCommitment(s.getCommitment().concat(ByteString.copyFrom(new byte[1]))),
                s -> s.setCiphertext(ByteString.EMPTY),
                s -> s.setCiphertext(ByteString.copyFrom(new byte[1 << 20])),
                s -> s.clearKey(),
                // a byte moved from one part to the next: the same bytes in a row
                s -> s.setCommitment(s.getCommitment().substring(0, 31))
                        .setCiphertext(s.getCommitment().substring(31).concat(s.getCiphertext())));
    }

    @ParameterizedTest
    @MethodSource("alterations")
    void anAlteredValueDoesNotOpen(UnaryOperator<Sealed.Builder> alteration) {
        Sealed.Builder sealed = keyring.seal(where, "ada@example.org").toBuilder();

        assertBroken(where, alteration.apply(sealed).build());
    }

    @Test
    void aKeyThatWasNeverMadeIsMissingAndNotForgotten() {
        Sealed sealed = keyring.seal(where, "ada@example.org");
        Sealed later = sealed.toBuilder()
                .setKey(sealed.getKey().toBuilder().setVersion(2))
                .build();

        assertThatExceptionOfType(KeyMissing.class).isThrownBy(() -> keyring.open(where, later));
        // the tombstone's place in the table is no key
        Sealed tombstone = sealed.toBuilder()
                .setKey(sealed.getKey().toBuilder().setVersion(0))
                .build();
        assertThatExceptionOfType(KeyMissing.class).isThrownBy(() -> keyring.open(where, tombstone));
    }

    @Test
    void openingMakesNoKey() {
        Sealed sealed = keyring.seal(where, "ada@example.org");
        SealContext unknown = email(id(), where.subject());

        assertThatExceptionOfType(KeyMissing.class).isThrownBy(() -> keyring.open(unknown, sealed));
        assertThat(Ring.count("SELECT count(*) FROM keyring.tenant_key WHERE tenant = '" + unknown.tenant() + "'"))
                .isZero();
    }

    @Test
    void anotherSealerOpensNothing() {
        Sealed sealed = keyring.seal(where, "ada@example.org");
        var stolen = new Keyring(Ring.DATABASE, Ring.sealer());

        assertThatExceptionOfType(SealBroken.class).isThrownBy(() -> stolen.open(where, sealed));
        assertThatExceptionOfType(SealBroken.class).isThrownBy(() -> stolen.seal(where, "x"));
    }

    @Test
    void aWrappedKeyPutInAnothersPlaceIsRefused() {
        SealContext other = email(where.tenant(), id());
        keyring.seal(where, "x");
        Sealed sealed = keyring.seal(other, "y");
        Ring.update(DatabaseRole.KEYRING, where.tenant(), """
                UPDATE keyring.subject_key SET wrapped = (SELECT wrapped FROM keyring.subject_key WHERE subject = '%s')
                WHERE subject = '%s'""".formatted(where.subject(), other.subject()));

        assertThatExceptionOfType(SealBroken.class)
                .isThrownBy(() -> Ring.fresh().open(other, sealed));
    }

    @Test
    void eachSubjectAndRetentionClassHasAKeyOfItsOwn() {
        keyring.seal(where, "x");
        keyring.seal(where, "y");
        keyring.seal(reason(where.tenant(), where.subject()), "z");
        keyring.seal(email(where.tenant(), id()), "x");

        assertThat(Ring.count("SELECT count(DISTINCT wrapped) FROM keyring.subject_key WHERE tenant = '"
                        + where.tenant() + "'"))
                .isEqualTo(3);
    }

    @Test
    void aKeyThatAnotherProcessMadeIsFoundAtOnce() {
        Keyring other = Ring.fresh();
        keyring.seal(where, "x");
        other.seal(where, "x");
        SealContext audit = reason(where.tenant(), where.subject());

        Sealed sealed = other.seal(audit, "because");

        assertThat(keyring.open(audit, sealed).text()).contains("because");
    }

    @Test
    void aKeyedHashTellsEqualValuesOfOneTenantAndPurpose() {
        byte[] value = "ada@example.org".getBytes(StandardCharsets.UTF_8);
        byte[] hash = keyring.keyedHash(where.tenant(), "identity/email", value);

        assertThat(hash).hasSize(32).isEqualTo(Ring.fresh().keyedHash(where.tenant(), "identity/email", value));
        assertThat(keyring.keyedHash(where.tenant(), "identity/name", value)).isNotEqualTo(hash);
        assertThat(keyring.keyedHash(id(), "identity/email", value)).isNotEqualTo(hash);
        assertThat(keyring.keyedHash(
                        where.tenant(), "identity/emaila", "da@example.org".getBytes(StandardCharsets.UTF_8)))
                .isNotEqualTo(hash);
    }

    @Test
    void aValueIsBounded() {
        byte[] longest = new byte[Keyring.MAX_PLAINTEXT_BYTES];
        Sealed sealed = keyring.seal(where, longest);

        assertThat(keyring.open(where, sealed))
                .isInstanceOfSatisfying(
                        Opened.Plain.class, plain -> assertThat(plain.bytes()).isEqualTo(longest));
        assertThatIllegalArgumentException().isThrownBy(() -> keyring.seal(where, new byte[longest.length + 1]));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ada@example.org", "Ada", "0199F2A0-0000-7000-8000-000000000001", "0"})
    void aSubjectThatIsNoPseudonymIsRefusedAndNotRepeated(String subject) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> email(where.tenant(), subject))
                .withMessage("the subject of a sealed value has another shape");
    }

    private void assertBroken(SealContext context, Sealed sealed) {
        assertThatExceptionOfType(SealBroken.class).isThrownBy(() -> keyring.open(context, sealed));
    }

    private static ByteString flipped(ByteString bytes) {
        byte[] altered = bytes.toByteArray();
        altered[altered.length / 2] ^= 1;
        return ByteString.copyFrom(altered);
    }
}
