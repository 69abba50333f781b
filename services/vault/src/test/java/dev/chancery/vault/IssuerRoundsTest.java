package dev.chancery.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.Clock;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.keyring.SecretRing;
import dev.chancery.schema.vault.v1.HttpIssuer;
import dev.chancery.schema.vault.v1.SecretLeaked;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SecretVersionRevoked;
import dev.chancery.schema.vault.v1.SecretVersionState;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import dev.chancery.testkit.IssuerServer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A service makes values and takes them back, over real TLS and a real log. */
class IssuerRoundsTest extends WithIssuedSecret {
    private static final String SECRET = "prod/mail/key";
    private static final String KEY = "prod/mail/signing";

    @TempDir
    private Path directory;

    private final String key = new String(SecretRing.generate(), UTF_8);
    private Optional<IssuerServer> server = Optional.empty();

    IssuerRoundsTest() {
        super(SECRET);
    }

    @BeforeEach
    void aSecretThatAServiceMakes() {
        server = Optional.of(IssuerServer.overTls(key, directory));
        write(KEY, 1, key);
        append(rotation(issuer().url()));
    }

    @AfterEach
    void stop() {
        server.ifPresent(IssuerServer::close);
    }

    private IssuerServer issuer() {
        return server.orElseThrow();
    }

    @Override
    Optional<Path> authorities() {
        return issuer().authorities();
    }

    private SecretRotationSet rotation(String url) {
        return SecretRotationSet.newBuilder()
                .setSecret(SECRET)
                .setOwnerId(OWNER)
                .setEveryDays(90)
                .setWindowHours(24)
                .setGenerated(true)
                .setRotator(SecretRotator.newBuilder()
                        .setHttpIssuer(HttpIssuer.newBuilder()
                                .setUrl(url)
                                .setKeySecret(KEY)
                                .setWorkspaceId(WORKSPACE)))
                .build();
    }

    @Test
    void theServiceMakesTheValueAndTheOldOneHasItsWindow() {
        write(SECRET, 1, "Papagei");
        assertThat(ask(false)).isEqualTo(2);
        assertThat(secret().current()).as("until there is another").contains(1);

        assertThat(step(2)).isZero();

        assertThat(secret().current()).contains(2);
        assertThat(issuer().takes(value(2))).isTrue();
        assertThat(issuer().asked()).containsExactly("create prod/mail/key 2");
        assertThat(version(1).untilMicros() - Clock.nowMicros())
                .isBetween(TimeUnit.HOURS.toMicros(23), TimeUnit.HOURS.toMicros(24));
        step(2);
        assertThat(issuer().asked()).as("it is there").hasSize(1);
    }

    /** It made the value, and the process ended before it was recorded: the next one asks for the same. */
    @Test
    void whatAProcessLeftThatDiedBeforeTheRecordIsTheSameValue() {
        ask(false);
        issuer().mute = true;
        assertThat(step(1)).isOne();
        assertThat(issuer().live()).isOne();
        assertThat(version(1).isAsked()).isTrue();
        issuer().mute = false;

        assertThat(step(1)).isZero();

        assertThat(issuer().live()).isOne();
        assertThat(issuer().takes(value(1))).isTrue();
    }

    @Test
    void aServiceThatRefusesIsLeftAloneAndTheOldValueIsRead() {
        write(SECRET, 1, "Papagei");
        ask(false);
        issuer().status = 503;
        assertThat(step(2)).isOne();
        assertThat(secret().current()).contains(1);
        assertThat(version(2).isAsked()).isTrue();
    }

    @Test
    void aLeakIsTakenBackAtTheServiceAndSoIsWhatItIsAsked() {
        ask(false);
        step(1);
        String leaked = value(1);
        assertThat(ask(true)).isEqualTo(2);
        assertThat(version(1).state()).isEqualTo(SecretVersionState.SECRET_VERSION_STATE_REVOKED);
        assertThat(issuer().takes(leaked)).isTrue();
        issuer().mute = true;
        assertThat(step(1)).as("it may have heard, and says nothing").isOne();
        assertThat(version(1).toWithdraw(Clock.nowMicros())).isPresent();
        issuer().mute = false;
        assertThat(step(1)).isZero();

        assertThat(issuer().takes(leaked)).isFalse();
        assertThat(version(1).toWithdraw(Clock.nowMicros())).isEmpty();
        assertThat(secret().current()).isEmpty();
        assertThat(step(2)).isZero();
        assertThat(issuer().takes(value(2))).isTrue();
    }

    @Test
    void whatIsReadYetIsNotTakenBackAndWhatIsOverIs() {
        ask(false);
        step(1);
        step(1);
        ask(false);
        step(2);
        step(1);
        assertThat(issuer().live()).as("its window").isEqualTo(2);
        assertThat(version(1).toWithdraw(Clock.nowMicros() + TimeUnit.HOURS.toMicros(25)))
                .isPresent();
        append(SecretVersionRevoked.newBuilder()
                .setSecret(SECRET)
                .setSecretVersion(1)
                .build());
        step(1);
        assertThat(issuer().live()).isOne();
        assertThat(issuer().takes(value(2))).isTrue();
    }

    /** Somebody wrote a value meanwhile: what the service may have made is taken back, and never becomes current. */
    @Test
    void whatSomebodyWritesMeanwhileIsNotReplaced() {
        ask(false);
        issuer().mute = true;
        step(1);
        issuer().mute = false;
        var written = SecretVersionWritten.newBuilder()
                .setSecret(SECRET)
                .setSecretVersion(2)
                .setValue(ring.seal(new SecretPlace(tenant, "prod", SECRET, 2), "by hand".getBytes(UTF_8)))
                .build();
        VaultRules.written(secret(), written, false, Clock.nowMicros()).forEach(this::append);

        assertThat(step(1)).isZero();

        assertThat(secret().current()).contains(2);
        assertThat(issuer().live()).isZero();
        assertThat(secret().versions().values()).noneMatch(Secret.Version::isAsked);
    }

    @Test
    void whoMadeAValueTakesItBackWhoeverMakesTheNext() {
        ask(false);
        step(1);
        String first = value(1);
        append(rotation("https://127.0.0.1:1/v1/keys"));
        ask(true);
        assertThat(step(1)).isZero();
        assertThat(issuer().takes(first)).isFalse();
        assertThat(step(2)).as("nobody is there").isOne();
    }

    @Test
    void withoutAKeyNothingIsAskedAndByOneThatLeakedOnlyTakenBack() {
        ask(false);
        step(1);
        ask(true);
        append(
                Names.secret(KEY),
                SecretLeaked.newBuilder().setSecret(KEY).setSecretVersion(1).build());
        append(
                Names.secret(KEY),
                SecretVersionRevoked.newBuilder()
                        .setSecret(KEY)
                        .setSecretVersion(1)
                        .build());
        assertThat(step(2)).isOne();
        assertThat(issuer().asked()).containsExactly("create prod/mail/key 1");
        assertThat(step(1)).isZero();
        assertThat(issuer().live()).isZero();
    }

    @Test
    void theListHasWhatThereIsToDo() {
        database.inTenant(DatabaseRole.VAULT, tenant, connection -> {
            try (var statement = connection.createStatement()) {
                return statement.executeUpdate(
                        "INSERT INTO vault.version (tenant, secret, version, state, written_micros, until_micros,"
                                + " issued, withdrawn_micros) VALUES"
                                        .concat(row(1, SecretVersionState.SECRET_VERSION_STATE_REVOKED, 0, true, 7)
                                                + ","
                                                + row(2, SecretVersionState.SECRET_VERSION_STATE_REVOKED, 0, true, 0)
                                                + ","
                                                + row(3, SecretVersionState.SECRET_VERSION_STATE_DESTROYED, 0, true, 0)
                                                + ","
                                                + row(4, SecretVersionState.SECRET_VERSION_STATE_DEPRECATED, 5, true, 0)
                                                + ","
                                                + row(5, SecretVersionState.SECRET_VERSION_STATE_DEPRECATED, 0, true, 0)
                                                + ","
                                                + row(6, SecretVersionState.SECRET_VERSION_STATE_REVOKED, 0, false, 0)
                                                + ","
                                                + row(7, SecretVersionState.SECRET_VERSION_STATE_CURRENT, 0, true, 0)
                                                + ","
                                                + row(8, SecretVersionState.SECRET_VERSION_STATE_ASKED, 0, true, 0)));
            }
        });
        assertThat(new VaultList(database).atIssuers(Clock.nowMicros()))
                .filteredOn(open -> open.tenant().equals(tenant))
                .extracting(IssuerRounds.Open::version)
                .containsExactlyInAnyOrder(2, 3, 4, 8);
    }

    private String row(int version, SecretVersionState state, long until, boolean issued, long withdrawn) {
        return "('%s', '%s', %d, %d, 1, %d, %b, %d)"
                .formatted(tenant, SECRET, version, state.getNumber(), until, issued, withdrawn);
    }
}
