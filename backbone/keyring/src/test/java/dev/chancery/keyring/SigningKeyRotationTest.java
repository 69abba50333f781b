package dev.chancery.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.database.DatabaseRole;
import dev.chancery.database.DatabaseUnavailable;
import dev.chancery.keyring.SigningKeyRotation.Known;
import dev.chancery.keyring.SigningKeyRotation.State;
import dev.chancery.testkit.Backing;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two processes, each with keys of its own in memory. */
class SigningKeyRotationTest {
    private static final VerifierKeys PUBLIC = new VerifierKeys(Ring.DATABASE, DatabaseRole.RBAC);
    private static final String TEXT = "a checkpoint\n";

    private final String instance = "ch-" + Ring.id().substring(0, 8);
    private final String source = instance + "/source/identity";
    private final String log = instance + "/" + Ring.id();
    private final SigningKeys keys = fresh();
    private final SigningKeys others = fresh();
    private final SigningKeyRotation rotation = new SigningKeyRotation(Ring.DATABASE, keys, instance);

    @Test
    void aReplacedKeySignsNoMoreAndWhatItSignedVerifies() {
        Signer before = keys.signer(source);
        byte[] signature = before.sign(new byte[] {1, 2, 3});
        replace(source);
        rotation.settle(DatabaseRole.KEYRING);

        Signer after = keys.signer(source);
        assertThat(after.verifierKey()).isNotEqualTo(before.verifierKey());
        assertThat(fresh().signer(source).verifierKey()).isEqualTo(after.verifierKey());
        assertThat(privateHalves(source)).isEqualTo(1);
        assertThat(PUBLIC.of(source)).containsExactly(before.verifierKey(), after.verifierKey());
        assertThat(PUBLIC.live(source)).hasSize(2);
        assertThat(Ed25519Verifier.verify(before.verifierKey().publicKey(), new byte[] {1, 2, 3}, signature))
                .isTrue();
        assertThat(states(source)).containsExactlyInAnyOrder(State.REPLACED, State.SIGNS);
    }

    @Test
    void thereIsAKeyThatSignsAtEveryMomentOfARotation() {
        keys.signer(source);
        replace(source);
        assertThat(fresh().signer(source).verifierKey())
                .isEqualTo(keys.signer(source).verifierKey());
        rotation.settle(DatabaseRole.KEYRING);
        VerifierKey next = keys.signer(source).verifierKey();
        rotation.settle(DatabaseRole.KEYRING);
        assertThat(keys.signer(source).verifierKey()).isEqualTo(next);
    }

    @Test
    void whatWasMadeAfterTheMomentStays() {
        long before = micros(Instant.now().minusSeconds(1));
        VerifierKey key = keys.signer(source).verifierKey();
        assertThat(rotation.signing(source, before)).isZero();
        rotation.replace(source, before);
        rotation.settle(DatabaseRole.KEYRING);
        assertThat(fresh().signer(source).verifierKey()).isEqualTo(key);
    }

    @Test
    void aWithdrawnKeySignsNoMoreInAnyProcessThatReadsItAgain() {
        VerifierKey stolen = keys.signer(source).verifierKey();
        others.signer(source);
        rotation.withdraw(source, stolen.keyId());

        assertThat(keys.signer(source).verifierKey()).isNotEqualTo(stolen);
        // The first process has ended the private half already, so that the other finds nothing to do.
        assertThat(others.signer(source).verifierKey()).isEqualTo(stolen);
        new SigningKeyRotation(Ring.DATABASE, others, instance).settle(DatabaseRole.KEYRING);
        assertThat(others.signer(source).verifierKey())
                .isEqualTo(keys.signer(source).verifierKey());
        assertThat(privateHalves(source)).isEqualTo(1);
        assertThat(PUBLIC.live(source)).doesNotContain(stolen);
        assertThat(PUBLIC.of(source)).contains(stolen);
        assertThat(rotation.find(source, stolen.keyId()).map(Known::state)).contains(State.WITHDRAWN);
    }

    @Test
    void aKindHasItsKeysAndTheTokensOfNone() {
        for (String name : List.of("/source/identity", "/source/access", "/receipt", "/dsar", "/token")) {
            keys.signer(instance + name);
        }
        keys.signer(log);
        keys.signer(instance + "/instance");
        fresh().signer("ch-other/receipt");
        long now = micros(Instant.now().plusSeconds(1));

        assertThat(rotation.signing("sources", now)).isEqualTo(2);
        assertThat(rotation.signing("statements", now)).isEqualTo(2);
        assertThat(rotation.signing("logs", now)).isEqualTo(2);
        assertThat(rotation.signing(instance + "/receipt", now)).isEqualTo(1);
        assertThat(rotation.signing(instance + "/token", now)).isZero();
        assertThat(rotation.signing("ch-other/receipt", now)).isZero();
        assertThat(rotation.known("", "", 0, 100)).hasSize(6);
        Known first = rotation.known("", "", 0, 1).getFirst();
        assertThat(rotation.known("", first.key().name(), first.key().keyId(), 100))
                .hasSize(5)
                .doesNotContain(first);
    }

    @Test
    void theCoreTurnsALogsKeyAndItsHolderAloneSettlesIt() {
        Signer before = keys.signer(log);
        replace("logs");
        rotation.settle(DatabaseRole.KEYRING);
        keys.forget(log);
        assertThat(keys.signer(log).verifierKey()).isEqualTo(before.verifierKey());
        rotation.settle(DatabaseRole.LEDGER);
        assertThat(keys.signer(log).verifierKey()).isNotEqualTo(before.verifierKey());
    }

    @Test
    void aLogsKeySignsBesideTheNextOneForAWhile() {
        VerifierKey first = keys.signer(log).verifierKey();
        assertThat(signers(note())).containsExactly(first);
        replace(log);
        rotation.settle(DatabaseRole.LEDGER);
        VerifierKey second = keys.signer(log).verifierKey();
        assertThat(signers(note())).containsExactly(second, first);

        replace(log);
        rotation.settle(DatabaseRole.LEDGER);
        VerifierKey third = keys.signer(log).verifierKey();
        assertThat(signers(note())).containsExactly(third, second);
        assertThat(privateHalves(log)).isEqualTo(2);

        passOverlap();
        rotation.settle(DatabaseRole.LEDGER);
        assertThat(signers(note())).containsExactly(third);
        assertThat(privateHalves(log)).isEqualTo(1);
    }

    @Test
    void aWithdrawnLogsKeySignsNoNoteNotEvenWhereItIsInMemory() {
        VerifierKey first = keys.signer(log).verifierKey();
        replace(log);
        rotation.settle(DatabaseRole.LEDGER);
        VerifierKey stolen = keys.signer(log).verifierKey();
        assertThat(signers(note(others))).containsExactly(stolen, first);

        rotation.withdraw(log, stolen.keyId());
        VerifierKey next = VerifierKey.of(log, PUBLIC.of(log).getLast().publicKey());
        String note = note(others);
        assertThat(signers(note)).hasSize(1).doesNotContain(stolen, first);
        assertThat(note(keys)).isEqualTo(note);
        assertThat(next).isNotNull();
    }

    @Test
    void aKeyThatSignsBesideAnotherIsWithdrawnAndTheOtherStays() {
        VerifierKey first = keys.signer(log).verifierKey();
        replace(log);
        rotation.settle(DatabaseRole.LEDGER);
        VerifierKey second = keys.signer(log).verifierKey();
        assertThat(signers(note(others))).containsExactly(second, first);
        rotation.withdraw(log, first.keyId());
        assertThat(signers(note(others))).containsExactly(second);
        rotation.settle(DatabaseRole.LEDGER);
        assertThat(privateHalves(log)).isEqualTo(1);
    }

    @Test
    void aWithdrawalWaitsForWhatTheKeySignsAndFailsWhereThatDoesNotEnd() throws Exception {
        VerifierKey stolen = keys.signer(source).verifierKey();
        try (var signing = Ring.DATABASE.connection(DatabaseRole.KEYRING)) {
            SigningKeyRotation.share(signing, source);
            assertThatThrownBy(() -> rotation.withdraw(source, stolen.keyId())).isInstanceOf(DatabaseUnavailable.class);
            assertThat(PUBLIC.live(source)).contains(stolen);
            signing.rollback();
        }
        rotation.withdraw(source, stolen.keyId());
        assertThat(PUBLIC.live(source)).doesNotContain(stolen);
        try (var signing = Ring.DATABASE.connection(DatabaseRole.KEYRING)) {
            SigningKeyRotation.share(signing, source);
            rotation.withdraw(source, stolen.keyId());
            signing.rollback();
        }
    }

    @Test
    void postgresqlTakesNoKeyBack() {
        VerifierKey key = keys.signer(source).verifierKey();
        rotation.withdraw(source, key.keyId());
        replace(source);
        for (String undone : List.of("verifies_until = NULL", "verifies_until = now() + interval '1 day'")) {
            assertThatThrownBy(() -> Ring.update(
                            DatabaseRole.KEYRING,
                            "",
                            "UPDATE signing.key SET " + undone + " WHERE name = '" + source
                                    + "' AND verifies_until IS NOT NULL"))
                    .rootCause()
                    .hasMessageContaining("stays so");
        }
    }

    private void replace(String which) {
        rotation.replace(which, micros(Instant.now().plusSeconds(1)));
    }

    private static long micros(Instant at) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, at);
    }

    private List<State> states(String name) {
        return rotation.known(name, "", 0, 100).stream().map(Known::state).toList();
    }

    private long privateHalves(String name) {
        return Ring.count(
                "SELECT count(*) FROM signing.private_key WHERE name = '" + name + "' AND wrapped IS NOT NULL");
    }

    private String note() {
        return note(keys);
    }

    private String note(SigningKeys of) {
        return Ring.DATABASE.transaction(DatabaseRole.LEDGER, connection -> of.signNote(connection, log, TEXT));
    }

    /** The keys whose signatures a note has, in their order; each is verified. */
    private List<VerifierKey> signers(String note) {
        assertThat(note).startsWith(TEXT + "\n");
        return note.substring(TEXT.length() + 1)
                .lines()
                .map(line -> {
                    assertThat(line).startsWith("\u2014 " + log + " ");
                    byte[] signed = java.util.Base64.getDecoder().decode(line.substring(log.length() + 3));
                    int keyId = java.nio.ByteBuffer.wrap(signed).getInt();
                    VerifierKey key = PUBLIC.of(log).stream()
                            .filter(known -> known.keyId() == keyId)
                            .findFirst()
                            .orElseThrow();
                    assertThat(Ed25519Verifier.verify(
                                    key.publicKey(),
                                    SignedNote.text(TEXT),
                                    java.util.Arrays.copyOfRange(signed, 4, signed.length)))
                            .isTrue();
                    return key;
                })
                .toList();
    }

    /** As if the overlap were over; no role may do that. */
    private void passOverlap() {
        try (Connection superuser = Backing.postgres().superuser(Ring.DATABASE.name());
                var statement = superuser.createStatement()) {
            statement.execute("SET session_replication_role = replica");
            statement.execute("UPDATE signing.key SET replaced_at = replaced_at - interval '"
                    + SigningKeys.OVERLAP.toSeconds() + " seconds' WHERE name = '" + log
                    + "' AND replaced_at IS NOT NULL");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        keys.forget(log);
    }

    private static SigningKeys fresh() {
        return new SigningKeys(Ring.DATABASE, Ring.SEALER);
    }
}
