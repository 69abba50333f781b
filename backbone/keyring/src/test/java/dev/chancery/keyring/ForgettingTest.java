package dev.chancery.keyring;

import static dev.chancery.keyring.Ring.email;
import static dev.chancery.keyring.Ring.id;
import static dev.chancery.keyring.Ring.reason;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.chancery.database.DatabaseRole;
import dev.chancery.schema.log.v1.KeyRef;
import dev.chancery.schema.log.v1.Sealed;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ForgettingTest {
    private static final int RACES = "full".equals(System.getProperty("chancery.rounds")) ? 500 : 40;

    private final Keyring keyring = Ring.fresh();
    private final String tenant = id();
    private final String subject = id();

    @Test
    void whatWasSealedToADestroyedSubjectIsForgotten() {
        SealContext account = email(tenant, subject);
        SealContext audit = reason(tenant, subject);
        Sealed address = keyring.seal(account, "ada@example.org");
        Sealed why = keyring.seal(audit, "because");

        assertThat(Ring.destroy(keyring, tenant, subject)).isEqualTo(2);

        for (Keyring process : List.of(keyring, Ring.fresh())) {
            assertThat(process.open(account, address)).isEqualTo(new Opened.Forgotten());
            assertThat(process.open(audit, why)).isEqualTo(new Opened.Forgotten());
        }
        assertThat(liveKeys()).isZero();
    }

    @Test
    void othersAreNotForgottenWithIt() {
        SealContext other = email(tenant, id());
        SealContext elsewhere = email(id(), subject);
        SealContext nobody = email(tenant, "");
        keyring.seal(email(tenant, subject), "x");
        Sealed others = keyring.seal(other, "other");
        Sealed elsewheres = keyring.seal(elsewhere, "elsewhere");
        Sealed nobodys = keyring.seal(nobody, "nobody");

        Ring.destroy(keyring, tenant, subject);

        assertThat(keyring.open(other, others).text()).contains("other");
        assertThat(keyring.open(elsewhere, elsewheres).text()).contains("elsewhere");
        assertThat(keyring.open(nobody, nobodys).text()).contains("nobody");
    }

    @Test
    void aKeyThatADatabaseLacksCountsAsDestroyedAndItsOwnerGetsANewerOne() {
        SealContext where = email(tenant, subject);
        // As a restored database has it: the value, and no key.
        Sealed lost = keyring.seal(email(id(), subject), "ada@example.org");
        Sealed there = keyring.seal(reason(tenant, subject), "because");
        String forgotten = id();
        Ring.destroy(keyring, tenant, forgotten);
        Sealed ofTheForgotten = keyring.seal(email(id(), forgotten), "x");
        List<KeyRef> named = List.of(lost.getKey(), there.getKey(), ofTheForgotten.getKey());

        assertThat(keyring.lost(tenant, named)).containsExactly(lost.getKey());
        for (int i = 0; i < 2; i++) {
            keyring.replaceLost(tenant, List.of(lost.getKey()));
        }

        for (Keyring process : List.of(keyring, Ring.fresh())) {
            assertThat(process.lost(tenant, named)).isEmpty();
            assertThat(process.open(where, lost)).isEqualTo(new Opened.Forgotten());
            SealContext again = email(tenant, subject);
            assertThat(process.open(again, process.seal(again, "again")).text()).contains("again");
        }
        assertThat(liveKeys()).isEqualTo(2);
    }

    @Test
    void aDestroyedSubjectGetsNoKeyAgain() {
        keyring.seal(email(tenant, subject), "x");
        Ring.destroy(keyring, tenant, subject);

        for (Keyring process : List.of(keyring, Ring.fresh())) {
            assertDestroyed(process, email(tenant, subject));
            // nor for a class that it never had a key for
            assertDestroyed(process, reason(tenant, subject));
        }
        assertThat(liveKeys()).isZero();
    }

    @Test
    void aProcessThatDidNotHearOfItMakesNoKeyEither() {
        Keyring unaware = Ring.fresh();
        keyring.seal(email(tenant, subject), "x");
        unaware.seal(email(tenant, subject), "x");

        Ring.destroy(keyring, tenant, subject);

        assertDestroyed(unaware, reason(tenant, subject));
        assertThat(liveKeys()).isZero();
    }

    @Test
    void aSubjectCanBeDestroyedBeforeItHasAKey() {
        assertThat(Ring.destroy(keyring, tenant, subject)).isZero();

        assertDestroyed(keyring, email(tenant, subject));
        assertDestroyed(Ring.fresh(), email(tenant, subject));
    }

    @Test
    void destroyingTwiceIsANoOp() {
        keyring.seal(email(tenant, subject), "x");

        assertThat(Ring.destroy(keyring, tenant, subject)).isOne();
        assertThat(Ring.destroy(keyring, tenant, subject)).isZero();
        assertThat(Ring.destroy(Ring.fresh(), tenant, subject)).isZero();
    }

    @Test
    void theTenantsOwnKeyIsNoSubjects() {
        assertThatIllegalArgumentException().isThrownBy(() -> Ring.destroy(keyring, tenant, ""));
    }

    @Test
    void withItsTenantKeyDestroyedAValueIsForgottenAndNoneIsSealedAgain() {
        SealContext where = email(tenant, subject);
        Sealed sealed = keyring.seal(where, "ada@example.org");
        Ring.update(DatabaseRole.KEYRING, tenant, "UPDATE keyring.tenant_key SET state = 'DESTROYED', wrapped = NULL");

        Keyring next = Ring.fresh();

        assertThat(next.open(where, sealed)).isEqualTo(new Opened.Forgotten());
        assertDestroyed(next, where);
        assertDestroyed(next, email(tenant, id()));
        assertThatExceptionOfType(KeyDestroyed.class).isThrownBy(() -> next.keyedHash(tenant, "x", new byte[0]));
    }

    @Test
    void manyProcessesThatSealFirstAtOnceGetTheSameKeys() throws Exception {
        for (int race = 0; race < RACES / 4; race++) {
            SealContext where = email(id(), id());
            List<Callable<Sealed>> processes = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                Keyring process = Ring.fresh();
                processes.add(() -> process.seal(where, "x"));
            }

            for (Sealed sealed : atOnce(processes)) {
                assertThat(keyring.open(where, sealed).text()).contains("x");
            }
            assertThat(Ring.count("SELECT (SELECT count(*) FROM keyring.tenant_key WHERE tenant = '%1$s')"
                                    .formatted(where.tenant())
                            + " + (SELECT count(*) FROM keyring.subject_key WHERE tenant = '%1$s')"
                                    .formatted(where.tenant())))
                    .isEqualTo(2);
        }
    }

    @Test
    void aDestroyedSubjectAmongManyThatAreNewKeepsNoneOfThemFromItsKey() throws Exception {
        keyring.seal(email(tenant, id()), "the tenant has its key");
        Ring.destroy(keyring, tenant, subject);
        Keyring unaware = Ring.fresh();
        List<SealContext> others =
                IntStream.range(0, 30).mapToObj(i -> email(tenant, id())).toList();
        List<Callable<Sealed>> sealing = new ArrayList<>();
        others.forEach(where -> sealing.add(() -> unaware.seal(where, "x")));
        sealing.add(15, () -> sealUnlessDestroyed(unaware, email(tenant, subject)));

        List<Sealed> sealed = atOnce(sealing);

        assertThat(sealed.remove(15).hasKey()).isFalse();
        for (int i = 0; i < others.size(); i++) {
            assertThat(Ring.fresh().open(others.get(i), sealed.get(i)).text()).contains("x");
        }
    }

    @Test
    void whoeverSealsWhileTheSubjectIsDestroyedLeavesNothingReadable() throws Exception {
        for (int race = 0; race < RACES; race++) {
            SealContext where = email(tenant, id());
            Keyring other = race % 2 == 0 ? keyring : Ring.fresh();
            if (race % 4 < 2) {
                keyring.seal(where, "x");
            }
            List<Sealed> sealed = atOnce(
                    List.of(() -> sealUnlessDestroyed(keyring, where), () -> sealUnlessDestroyed(other, where), () -> {
                        Ring.destroy(keyring, tenant, where.subject());
                        return Sealed.getDefaultInstance();
                    }));

            assertDestroyed(keyring, where);
            assertDestroyed(Ring.fresh(), where);
            for (Sealed value : sealed) {
                if (value.hasKey()) {
                    assertThat(keyring.open(where, value)).isEqualTo(new Opened.Forgotten());
                    assertThat(Ring.fresh().open(where, value)).isEqualTo(new Opened.Forgotten());
                }
            }
        }
        assertThat(liveKeys()).isZero();
    }

    private static Sealed sealUnlessDestroyed(Keyring process, SealContext where) {
        try {
            return process.seal(where, "x");
        } catch (KeyDestroyed e) {
            return Sealed.getDefaultInstance();
        }
    }

    private static <T> List<T> atOnce(List<Callable<T>> tasks) throws Exception {
        var start = new CyclicBarrier(tasks.size());
        try (var threads = Executors.newFixedThreadPool(tasks.size())) {
            var running = tasks.stream()
                    .map(task -> threads.submit(() -> {
                        start.await();
                        return task.call();
                    }))
                    .toList();
            List<T> results = new ArrayList<>();
            for (var result : running) {
                results.add(result.get());
            }
            return results;
        }
    }

    private long liveKeys() {
        return Ring.count(
                "SELECT count(*) FROM keyring.subject_key WHERE tenant = '" + tenant + "' AND wrapped IS NOT NULL");
    }

    private static void assertDestroyed(Keyring process, SealContext where) {
        assertThatExceptionOfType(KeyDestroyed.class).isThrownBy(() -> process.seal(where, "x"));
    }
}
