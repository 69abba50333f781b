package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.DATABASE;
import static dev.chancery.keyring.Ring.SEALER;
import static dev.chancery.keyring.Ring.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.protobuf.ByteString;
import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.log.v1.Sealed;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SecretRingTest {
    private static final byte[] VALUE = "correct horse battery staple".getBytes(StandardCharsets.UTF_8);

    private final String tenant = id();
    private final SecretPlace password = place("db/password", 1);
    private final SecretRing ring = fresh();

    /** As a process that starts now has it: nothing cached. */
    private static SecretRing fresh() {
        return new SecretRing(DATABASE, SEALER);
    }

    private SecretPlace place(String path, int version) {
        return new SecretPlace(tenant, "prod", "prod/" + path, version);
    }

    @Test
    void whatWasSealedOpensInAnotherProcess() {
        Sealed sealed = ring.seal(password, VALUE);

        assertThat(fresh().open(password, sealed)).isEqualTo(VALUE);
        assertThat(sealed.toByteString().toString(StandardCharsets.ISO_8859_1)).doesNotContain("correct horse");
    }

    static Stream<Arguments> otherPlaces() {
        return Stream.of(
                arguments("tenant", (UnaryOperator<SecretPlace>)
                        p -> new SecretPlace(id(), p.environment(), p.secret(), p.version())),
                arguments("environment", (UnaryOperator<SecretPlace>)
                        p -> new SecretPlace(p.tenant(), "test", "test/db/password", p.version())),
                arguments("secret", (UnaryOperator<SecretPlace>)
                        p -> new SecretPlace(p.tenant(), p.environment(), "prod/db/other", p.version())),
                arguments("version", (UnaryOperator<SecretPlace>)
                        p -> new SecretPlace(p.tenant(), p.environment(), p.secret(), p.version() + 1)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("otherPlaces")
    void aValueTakenElsewhereDoesNotOpen(String what, UnaryOperator<SecretPlace> other) {
        Sealed sealed = ring.seal(password, VALUE);
        SecretPlace elsewhere = other.apply(password);
        ring.seal(elsewhere, VALUE);
        Sealed replayed = sealed.toBuilder()
                .setKey(sealed.getKey().toBuilder().setVersion(elsewhere.version()))
                .build();

        assertThatThrownBy(() -> ring.open(elsewhere, replayed)).isInstanceOf(SealBroken.class);
        assertThatThrownBy(() -> ring.open(elsewhere, replayed)).hasMessageNotContaining("prod");
    }

    @Test
    void aKeyThatIsMovedToAnotherVersionsRowDoesNotOpen() {
        Sealed sealed = ring.seal(password, VALUE);
        ring.seal(place("db/password", 2), VALUE);
        assertThat(Ring.update(
                        DatabaseRole.VAULT,
                        tenant,
                        "UPDATE secretring.data_key SET wrapped = (SELECT wrapped FROM secretring.data_key d WHERE d.version = 2)"
                                + " WHERE version = 1"))
                .isOne();

        assertThatThrownBy(() -> ring.open(password, sealed)).isInstanceOf(SealBroken.class);
        assertThat(password.ofKey()).isNotEqualTo(password.ofValue());
    }

    @Test
    void anAlteredOrTruncatedValueDoesNotOpen() {
        Sealed sealed = ring.seal(password, VALUE);
        byte[] ciphertext = sealed.getCiphertext().toByteArray();
        List<ThrowingCallable> attempts = new ArrayList<>();
        for (int i = 0; i < ciphertext.length; i++) {
            byte[] altered = ciphertext.clone();
            altered[i] ^= 1;
            attempts.add(() -> ring.open(
                    password,
                    sealed.toBuilder()
                            .setCiphertext(ByteString.copyFrom(altered))
                            .build()));
            ByteString truncated = ByteString.copyFrom(ciphertext, 0, i);
            attempts.add(() -> ring.open(
                    password, sealed.toBuilder().setCiphertext(truncated).build()));
        }
        attempts.forEach(attempt -> assertThatThrownBy(attempt).isInstanceOf(SealBroken.class));
    }

    @Test
    void anotherSealersEnvironmentKeyDoesNotOpen() {
        Sealed sealed = ring.seal(password, VALUE);

        assertThatThrownBy(() -> new SecretRing(DATABASE, Ring.sealer()).open(password, sealed))
                .isInstanceOf(SealBroken.class);
    }

    @Test
    void aDestroyedVersionNeverOpensAndIsNeverMadeAgain() {
        Sealed sealed = ring.seal(password, VALUE);
        Sealed next = ring.seal(place("db/password", 2), VALUE);

        ring.destroy(password);
        ring.destroy(password);

        assertThatThrownBy(() -> ring.open(password, sealed)).isInstanceOf(KeyDestroyed.class);
        assertThatThrownBy(() -> fresh().seal(password, VALUE)).isInstanceOf(KeyDestroyed.class);
        assertThat(ring.open(place("db/password", 2), next)).isEqualTo(VALUE);
    }

    @Test
    void rotationRewrapsToTheRowAndAKeyThatWrapsSomethingIsNotRetired() {
        int secrets = SecretRing.BATCH + 7;
        List<Sealed> sealed = new ArrayList<>();
        for (int version = 1; version <= secrets; version++) {
            sealed.add(ring.seal(place("db/password", version), VALUE));
        }
        SecretRing other = fresh();
        other.open(password, sealed.getFirst());

        ring.rotate(tenant, "prod", 2);
        ring.rotate(tenant, "prod", 2);
        // Of a process that has not heard of the new key yet.
        sealed.add(other.seal(place("db/password", secrets + 1), VALUE));

        assertThat(ring.census(tenant, "prod"))
                .containsExactly(new SecretRing.Census(1, false, secrets), new SecretRing.Census(2, true, 1));
        assertThat(ring.retire(tenant, "prod", 1)).isFalse();
        assertThat(ring.retire(tenant, "prod", 2)).isFalse();
        assertThat(ring.rewrap(tenant, "prod", 5)).isEqualTo(5);
        assertThat(ring.census(tenant, "prod").getFirst().wraps()).isEqualTo(secrets - 5);
        assertThat(ring.rewrap(tenant, "prod", 1_000)).isEqualTo(secrets - 5);
        assertThat(ring.retire(tenant, "prod", 1)).isTrue();
        assertThat(ring.retire(tenant, "prod", 1)).isTrue();
        assertThat(ring.census(tenant, "prod")).containsExactly(new SecretRing.Census(2, true, secrets + 1));
        for (int version = 1; version <= sealed.size(); version++) {
            assertThat(other.open(place("db/password", version), sealed.get(version - 1)))
                    .isEqualTo(VALUE);
            assertThat(fresh().open(place("db/password", version), sealed.get(version - 1)))
                    .isEqualTo(VALUE);
        }
    }

    @Test
    void everyEnvironmentHasAKeyOfItsOwnAndOnlyTheVaultSeesAny() {
        ring.seal(password, VALUE);
        ring.seal(new SecretPlace(tenant, "test", "test/db/password", 1), VALUE);

        assertThat(Ring.count("SELECT count(DISTINCT wrapped) FROM secretring.environment_key WHERE tenant = '" + tenant
                        + "'"))
                .isEqualTo(2);
        assertThat(Ring.query(DatabaseRole.VAULT, id(), "SELECT count(*) FROM secretring.data_key"))
                .isZero();
        for (DatabaseRole role : DatabaseRole.STANDARD) {
            if (!role.equals(DatabaseRole.VAULT) && !role.equals(DatabaseRole.OWNER)) {
                assertThatThrownBy(() -> Ring.query(role, tenant, "SELECT count(*) FROM secretring.data_key"))
                        .as(role.name())
                        .isInstanceOf(RuntimeException.class);
            }
        }
        assertThatThrownBy(() -> Ring.query(DatabaseRole.VAULT, tenant, "SELECT count(*) FROM keyring.tenant_key"))
                .isInstanceOf(RuntimeException.class);
    }

    @Test
    void aGeneratedValueIsAnotherEachTime() {
        assertThat(SecretRing.generate()).hasSize(43).isNotEqualTo(SecretRing.generate());
    }
}
