package dev.chancery.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.chancery.database.DatabaseRole;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SigningKeysTest {
    private static final VerifierKeys PUBLIC = new VerifierKeys(Ring.DATABASE, DatabaseRole.KEYRING);

    private final String instance = "ch-" + Ring.id().substring(0, 8);
    private final SigningKeys keys = fresh();

    @Test
    void aNameSignsWithOneKeyInThisProcessAndInTheNext() {
        Signer signer = keys.signer(instance + "/source/identity");
        byte[] data = {1, 2, 3};

        byte[] signature = signer.sign(data);

        assertThat(fresh().signer(instance + "/source/identity").sign(data)).isEqualTo(signature);
        assertThat(Ed25519Verifier.verify(signer.verifierKey().publicKey(), data, signature))
                .isTrue();
        assertThat(keys.signer(instance + "/source/access").verifierKey().publicKey())
                .isNotEqualTo(signer.verifierKey().publicKey());
    }

    @Test
    void verifierKeysAreFoundByNameAndByPrefix() {
        VerifierKey token = keys.signer(instance + "/token").verifierKey();
        VerifierKey identity = keys.signer(instance + "/source/identity").verifierKey();
        VerifierKey access = keys.signer(instance + "/source/access").verifierKey();

        assertThat(PUBLIC.of(instance + "/token")).containsExactly(token);
        assertThat(PUBLIC.of(instance + "/source/")).containsExactly(identity, access);
        assertThat(PUBLIC.of(instance + "/")).containsExactly(token, identity, access);
        assertThat(PUBLIC.of(instance + "/source")).isEmpty();
        assertThat(PUBLIC.of("%/")).isEmpty();
    }

    @Test
    void manyProcessesThatSignFirstAtOnceGetTheSameKey() throws Exception {
        var start = new CountDownLatch(1);
        try (var threads = Executors.newFixedThreadPool(6)) {
            var signers = IntStream.range(0, 6)
                    .mapToObj(i -> threads.submit(() -> {
                        start.await();
                        return fresh().signer(instance + "/token").verifierKey();
                    }))
                    .toList();
            start.countDown();
            for (var signer : signers) {
                assertThat(signer.get())
                        .isEqualTo(keys.signer(instance + "/token").verifierKey());
            }
        }
        assertThat(PUBLIC.of(instance + "/token")).hasSize(1);
    }

    @Test
    void aDestroyedKeyIsNotReplacedUnaskedAndStaysToVerifyWith() {
        VerifierKey key = keys.signer(instance + "/token").verifierKey();
        Ring.update(
                DatabaseRole.KEYRING,
                "",
                "UPDATE signing.private_key SET state = 'DESTROYED', wrapped = NULL WHERE name = '" + instance
                        + "/token'");

        assertThatExceptionOfType(KeyDestroyed.class).isThrownBy(() -> fresh().signer(instance + "/token"));
        assertThat(PUBLIC.of(instance + "/token")).containsExactly(key);
    }

    @Test
    void aPrivateKeyPutUnderAnotherNameIsRefused() {
        keys.signer(instance + "/a");
        keys.signer(instance + "/b");
        Ring.update(DatabaseRole.KEYRING, "", """
                UPDATE signing.private_key SET wrapped = (SELECT wrapped FROM signing.private_key WHERE name = '%1$s/a')
                WHERE name = '%1$s/b'""".formatted(instance));

        assertThatExceptionOfType(SealBroken.class).isThrownBy(() -> fresh().signer(instance + "/b"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"alone", "UPPER/case", "a/b/c/d/e", "a//b", "/a", "a/"})
    void aNameOfAnotherShapeIsRefused(String name) {
        assertThatIllegalArgumentException().isThrownBy(() -> keys.signer(name));
    }

    @Test
    void theLedgerHoldsTheLogsKeysAndNoOthersAndTheCoreTheRest() {
        String log = instance + "/0192d3e4-0000-7000-8000-000000000000";
        Signer ofTheLog = keys.signer(log);
        keys.signer(instance + "/source/ledger");
        keys.signer(instance + "/token");

        assertThat(privateKeys(DatabaseRole.LEDGER)).containsExactly(log, instance + "/source/ledger");
        assertThat(privateKeys(DatabaseRole.KEYRING)).containsExactly(instance + "/token");
        assertThat(new VerifierKeys(Ring.DATABASE, DatabaseRole.RBAC).of(log)).containsExactly(ofTheLog.verifierKey());
    }

    private List<String> privateKeys(DatabaseRole role) {
        return Ring.DATABASE.transaction(role, connection -> {
            var names = new ArrayList<String>();
            try (var select = connection.prepareStatement(
                    "SELECT name FROM signing.private_key WHERE starts_with(name, ?) ORDER BY name")) {
                select.setString(1, instance + "/");
                try (var rows = select.executeQuery()) {
                    while (rows.next()) {
                        names.add(rows.getString(1));
                    }
                }
            }
            return names;
        });
    }

    private static SigningKeys fresh() {
        return new SigningKeys(Ring.DATABASE, Ring.SEALER);
    }
}
