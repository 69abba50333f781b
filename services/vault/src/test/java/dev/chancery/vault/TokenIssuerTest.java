package dev.chancery.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.Clock;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.schema.vault.v1.OAuthRefresh;
import dev.chancery.schema.vault.v1.RefreshTokenClaimed;
import dev.chancery.schema.vault.v1.SecretAccessSet;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SecretVersionDestroyed;
import dev.chancery.schema.vault.v1.SecretVersionState;
import dev.chancery.testkit.TokenServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An authorisation server gives access tokens, over real TLS and a real log; it takes each refresh token once. */
class TokenIssuerTest extends WithIssuedSecret {
    private static final String SECRET = "prod/calendar/token";
    private static final String REFRESH = "prod/calendar/refresh";
    private static final String CLIENT_SECRET = "prod/calendar/client";

    @TempDir
    private Path directory;

    private Optional<TokenServer> running = Optional.empty();

    TokenIssuerTest() {
        super(SECRET);
    }

    @BeforeEach
    void aSecretThatAServerGives() {
        running = Optional.of(TokenServer.overTls(directory));
        write(REFRESH, 1, server().refreshToken());
        write(CLIENT_SECRET, 1, server().clientSecret());
        append(SecretRotationSet.newBuilder()
                .setSecret(SECRET)
                .setOwnerId(OWNER)
                .setGenerated(true)
                .setRotator(SecretRotator.newBuilder()
                        .setOauthRefresh(OAuthRefresh.newBuilder()
                                .setTokenUrl(server().tokenUrl())
                                .setRevocationUrl(server().revocationUrl())
                                .setClientId(TokenServer.CLIENT)
                                .setClientSecret(CLIENT_SECRET)
                                .setRefreshSecret(REFRESH)
                                .setWorkspaceId(WORKSPACE)))
                .build());
    }

    @AfterEach
    void stop() {
        running.ifPresent(TokenServer::close);
    }

    private TokenServer server() {
        return running.orElseThrow();
    }

    @Override
    Optional<Path> authorities() {
        return server().authorities();
    }

    private String current(String name) {
        Secret.Numbered current = secret(name).forVault().orElseThrow();
        return new String(ring.open(new SecretPlace(tenant, "prod", name, current.number()), current.value()), UTF_8);
    }

    @Test
    void theAccessTokenIsTheValueAndTheOtherRefreshTokenAVersionOfItsSecret() {
        assertThat(step(ask(false))).isZero();

        assertThat(server().takes(current(SECRET))).isTrue();
        assertThat(version(1).untilMicros() - Clock.nowMicros())
                .isBetween(TimeUnit.MINUTES.toMicros(59), TimeUnit.MINUTES.toMicros(60));
        assertThat(current(REFRESH)).isEqualTo(server().refreshToken());
        assertThat(secret(REFRESH).version(1).orElseThrow().state())
                .as("the server gave it up")
                .isEqualTo(SecretVersionState.SECRET_VERSION_STATE_REVOKED);
        assertThat(step(ask(false))).isZero();
        assertThat(current(REFRESH)).isEqualTo(server().refreshToken());
        assertThat(secret(REFRESH).newest()).isEqualTo(3);
        assertThat(version(1).untilMicros())
                .as("read until it ends by itself, as it has no window")
                .isBetween(1L, version(2).untilMicros());
        assertThat(server().sawATheft()).isFalse();
    }

    @Test
    void ofSeveralProcessesOneUsesTheRefreshToken() throws Exception {
        int next = ask(false);
        try (var threads = Executors.newFixedThreadPool(4)) {
            List<Future<Integer>> steps = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                steps.add(threads.submit(() -> step(next)));
            }
            for (Future<Integer> each : steps) {
                assertThat(each.get()).isZero();
            }
        }
        assertThat(server().asked()).containsExactly("token");
        assertThat(server().sawATheft()).isFalse();
        assertThat(current(REFRESH)).isEqualTo(server().refreshToken());
    }

    @Test
    void whatSomebodyElseHasClaimedIsNotUsed() {
        int next = ask(false);
        Loaded<RefreshClaim> free = log().refreshClaim(tenant, REFRESH);
        assertThat(log().claim(
                                tenant,
                                free,
                                "vault.secret.refresh",
                                RefreshTokenClaimed.newBuilder()
                                        .setSecret(REFRESH)
                                        .setRequestId(OWNER)
                                        .setUntilMicros(Clock.nowMicros() + TimeUnit.MINUTES.toMicros(1))
                                        .build()))
                .isTrue();
        assertThat(step(next)).isZero();
        assertThat(server().asked()).isEmpty();
        assertThat(version(next).isAsked()).isTrue();
    }

    /** The secret moves between the answer and the record: what came is not lost. */
    @Test
    void whileTheSecretsMoveItIsRecordedAllTheSame() throws Exception {
        int next = ask(false);
        try (var threads = Executors.newFixedThreadPool(1)) {
            Future<Integer> step = threads.submit(() -> step(next));
            for (int i = 0; i < 20 || !step.isDone(); i++) {
                moved(i);
            }
            assertThat(step.get()).isZero();
        }
        assertThat(server().takes(current(SECRET))).isTrue();
        assertThat(current(REFRESH)).isEqualTo(server().refreshToken());
    }

    private void moved(int round) {
        try {
            append(
                    Names.secret(REFRESH),
                    SecretAccessSet.newBuilder()
                            .setSecret(REFRESH)
                            .addReaders("reader-" + round)
                            .build());
        } catch (AssertionError e) {
            // The other one was faster.
        }
    }

    @Test
    void aLeakedTokenIsRevokedAndThereIsAnother() {
        step(ask(false));
        String leaked = current(SECRET);
        int next = ask(true);
        assertThat(step(1)).isZero();
        assertThat(server().takes(leaked)).isFalse();
        assertThat(server().asked()).containsExactly("token", "revoke");
        assertThat(version(1).toWithdraw(Clock.nowMicros())).isEmpty();
        assertThat(step(next)).isZero();
        assertThat(server().takes(current(SECRET))).isTrue();
    }

    @Test
    void aServerThatIsDownIsAskedAgainAndWhatItTookIsTakenBackLater() {
        step(ask(false));
        String leaked = current(SECRET);
        int next = ask(true);
        server().down = true;
        assertThat(step(1)).isOne();
        assertThat(step(next)).isOne();
        assertThat(server().takes(leaked)).isTrue();
        server().down = false;
        assertThat(step(1)).isZero();
        assertThat(server().takes(leaked)).isFalse();
    }

    @Test
    void aTokenWhoseKeyIsDestroyedIsTakenBackOnceItHasEnded() {
        server().expiresIn = 1;
        step(ask(false));
        append(SecretVersionDestroyed.newBuilder()
                .setSecret(SECRET)
                .setSecretVersion(1)
                .build());
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (version(1).toWithdraw(Clock.nowMicros()).isPresent() && System.nanoTime() - deadline < 0) {
            step(1);
        }
        assertThat(version(1).toWithdraw(Clock.nowMicros())).isEmpty();
        assertThat(server().asked()).containsExactly("token");
    }
}
