package dev.chancery.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What KeyFileSealerTest asks of a key file, asked of a token; and the rings on it. */
class Pkcs11SealerTest {
    private static final byte[] KEY =
            "0123456789abcdef0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    private static final byte[] CONTEXT = {1, 2, 3};

    @TempDir
    private static Path directory;

    private static SoftToken token;
    private static SoftToken other;

    @BeforeAll
    static void tokens() {
        token = SoftToken.make(directory);
        other = SoftToken.make(directory);
        create(token);
        create(other);
    }

    private static Pkcs11Sealer create(SoftToken on) {
        return Pkcs11Sealer.create(on.library(), SoftToken.SLOT, SoftToken.PIN);
    }

    private static Pkcs11Sealer sealer(SoftToken on) {
        return on.open();
    }

    private static Pkcs11Sealer sealer() {
        return sealer(token);
    }

    @Test
    void aVersionOfTheRingThatIsDestroyedIsGoneFromTheToken() {
        Sealer.Ring ring = sealer().ring();
        Sealer.Ring elsewhere = sealer().ring();
        Sealer.Ring third = sealer().ring();
        int older = ring.newest();
        byte[] old = ring.wrap(older, KEY, CONTEXT);

        ring.add(older + 1);
        byte[] young = elsewhere.wrap(older + 1, KEY, CONTEXT);
        ring.destroyBefore(older + 1);

        assertThat(ring.unwrap(older + 1, young, CONTEXT)).isEqualTo(KEY);
        assertThat(sealer().ring().unwrap(older + 1, young, CONTEXT)).isEqualTo(KEY);
        assertThatExceptionOfType(KeyDestroyed.class).isThrownBy(() -> ring.unwrap(older, old, CONTEXT));
        // This process has the destroyed version's key by its handle still.
        assertThatExceptionOfType(KeyDestroyed.class).isThrownBy(() -> elsewhere.unwrap(older, old, CONTEXT));
        assertThatExceptionOfType(KeyDestroyed.class).isThrownBy(() -> third.wrap(older, KEY, CONTEXT));
        assertThatExceptionOfType(KeyDestroyed.class)
                .isThrownBy(() -> sealer().ring().unwrap(older, old, CONTEXT));
    }

    @Test
    void aTokenIsOpenedWhileAnotherProcessDestroysVersions() throws Exception {
        Sealer.Ring ring = sealer().ring();
        var stop = new AtomicBoolean();
        try (var threads = Executors.newFixedThreadPool(3)) {
            var opened = IntStream.range(0, 2)
                    .mapToObj(i -> threads.submit(() -> {
                        int count = 0;
                        do {
                            assertThat(sealer().ring().newest()).isPositive();
                            count++;
                        } while (!stop.get());
                        return count;
                    }))
                    .toList();
            for (int turn = 0; turn < 100; turn++) {
                ring.add(ring.newest() + 1);
                // SoftHSM, loaded between two changes in a row, may see none of the keys.
                Thread.sleep(20);
                ring.destroyBefore(ring.newest());
                Thread.sleep(20);
            }
            stop.set(true);
            for (var each : opened) {
                assertThat(each.get()).isPositive();
            }
        }
    }

    @Test
    void whatWasWrappedIsUnwrappedAfterAnotherSignIn() {
        byte[] wrapped = sealer().installationRing().wrap(1, KEY, CONTEXT);

        assertThat(sealer().installationRing().unwrap(1, wrapped, CONTEXT)).isEqualTo(KEY);
        assertThat(sealer().toString()).isEqualTo("Pkcs11Sealer[hidden]");
    }

    @Test
    void makingTheKeysAgainKeepsThoseThatAreThere() {
        byte[] wrapped = sealer().installationRing().wrap(1, KEY, CONTEXT);

        assertThat(create(token).installationRing().unwrap(1, wrapped, CONTEXT)).isEqualTo(KEY);
    }

    @Test
    void anotherContextATruncationAndEveryAlteredByteAreRecognised() {
        Pkcs11Sealer sealer = sealer();
        byte[] wrapped = sealer.installationRing().wrap(1, KEY, CONTEXT);

        assertThatExceptionOfType(SealBroken.class)
                .isThrownBy(() -> sealer.installationRing().unwrap(1, wrapped, new byte[] {1, 2, 4}));
        for (int at = 0; at < wrapped.length; at++) {
            byte[] altered = wrapped.clone();
            altered[at] ^= 1;
            byte[] truncated = Arrays.copyOf(wrapped, at);
            assertThatExceptionOfType(SealBroken.class)
                    .isThrownBy(() -> sealer.installationRing().unwrap(1, altered, CONTEXT));
            assertThatExceptionOfType(SealBroken.class)
                    .isThrownBy(() -> sealer.installationRing().unwrap(1, truncated, CONTEXT));
        }
    }

    @Test
    void anotherTokenUnwrapsNothingAndDerivesOtherwise() {
        byte[] wrapped = sealer().installationRing().wrap(1, KEY, CONTEXT);
        var others = sealer(other);

        assertThatExceptionOfType(SealBroken.class)
                .isThrownBy(() -> others.installationRing().unwrap(1, wrapped, CONTEXT));
        assertThat(sealer().derive("postgres/chancery_access"))
                .matches("[A-Za-z0-9_-]{43}")
                .isEqualTo(sealer().derive("postgres/chancery_access"))
                .isNotEqualTo(sealer().derive("postgres/chancery_identity"))
                .isNotEqualTo(others.derive("postgres/chancery_access"));
    }

    /** A slot may have its token again; a PIN that is wrong stays wrong, and a token counts how often it was. */
    @Test
    void aWrongPinASlotThatIsNotThereAndAMissingLibraryAreSaid() {
        assertThatThrownBy(() -> Pkcs11Sealer.open(token.library(), SoftToken.SLOT, "4321".toCharArray()))
                .isInstanceOf(TokenUnusable.class)
                .hasMessageContaining("check the library, the slot and the PIN")
                .hasMessageNotContaining("4321")
                .satisfies(isAway(false));
        assertThatThrownBy(() -> Pkcs11Sealer.open(token.library(), 99, SoftToken.PIN))
                .isInstanceOf(TokenUnusable.class)
                .satisfies(isAway(true));
        assertThatThrownBy(() -> Pkcs11Sealer.open(Path.of("/no/such/library.so"), 0, SoftToken.PIN))
                .isInstanceOf(TokenUnusable.class)
                .satisfies(isAway(false));
    }

    private static ThrowingConsumer<Throwable> isAway(boolean away) {
        return failure -> assertThat(((TokenUnusable) failure).isAway()).isEqualTo(away);
    }

    @Test
    void manyThreadsWrapAtOnceAndNoIvComesTwice() throws Exception {
        Pkcs11Sealer sealer = sealer();
        try (var threads = Executors.newFixedThreadPool(8)) {
            var wrapped = IntStream.range(0, 200)
                    .mapToObj(
                            i -> threads.submit(() -> sealer.installationRing().wrap(1, KEY, CONTEXT)))
                    .toList();
            Set<String> ivs = new HashSet<>();
            for (var each : wrapped) {
                assertThat(sealer.installationRing().unwrap(1, each.get(), CONTEXT))
                        .isEqualTo(KEY);
                ivs.add(java.util.HexFormat.of().formatHex(each.get(), 1, 13));
            }
            assertThat(ivs).hasSize(200);
        }
    }

    @Test
    void bothRingsWorkOnIt() {
        String tenant = Ring.id();
        var place = new SecretPlace(tenant, "prod", "prod/db/password", 1);
        var sealed = new SecretRing(Ring.DATABASE, sealer()).seal(place, KEY);
        var personal = Ring.email(tenant, Ring.id());
        var email = new Keyring(Ring.DATABASE, sealer()).seal(personal, "ada@example.org");

        assertThat(new SecretRing(Ring.DATABASE, sealer()).open(place, sealed)).isEqualTo(KEY);
        assertThat(new Keyring(Ring.DATABASE, sealer()).open(personal, email).text())
                .contains("ada@example.org");
        var others = sealer(other);
        assertThatExceptionOfType(SealBroken.class)
                .isThrownBy(() -> new SecretRing(Ring.DATABASE, others).open(place, sealed));
    }
}
