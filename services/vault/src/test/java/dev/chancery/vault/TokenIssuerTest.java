package dev.chancery.vault;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.command.Clock;
import dev.chancery.command.Ids;
import dev.chancery.firewall.AddressRanges;
import dev.chancery.keyring.SecretPlace;
import dev.chancery.log.Streams.Loaded;
import dev.chancery.outbound.Destinations;
import dev.chancery.outbound.OutboundClient;
import dev.chancery.schema.vault.v1.OAuthRefresh;
import dev.chancery.schema.vault.v1.RefreshTokenClaimed;
import dev.chancery.schema.vault.v1.SecretAccessSet;
import dev.chancery.schema.vault.v1.SecretRotationSet;
import dev.chancery.schema.vault.v1.SecretRotator;
import dev.chancery.schema.vault.v1.SecretVersionDestroyed;
import dev.chancery.schema.vault.v1.SecretVersionState;
import dev.chancery.schema.vault.v1.SecretVersionWritten;
import dev.chancery.testkit.TokenServer;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
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
class TokenIssuerTest extends WithVaultLog {
    private static final String SECRET = "prod/calendar/token";
    private static final String REFRESH = "prod/calendar/refresh";
    private static final String CLIENT_SECRET = "prod/calendar/client";
    private static final String OWNER = "0199f2aa-0000-7000-8000-000000000001";
    private static final String WORKSPACE = "0199f2aa-0000-7000-8000-000000000002";

    @TempDir
    private Path directory;

    private Optional<TokenServer> running = Optional.empty();

    @BeforeEach
    void aSecretThatAServerGives() {
        running = Optional.of(TokenServer.overTls(directory));
        ring.rotate(tenant, "prod", 1);
        write(REFRESH, 1, server().refreshToken());
        write(CLIENT_SECRET, 1, server().clientSecret());
        append(
                SECRET,
                SecretRotationSet.newBuilder()
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

    private void append(String name, Message event) {
        append(Names.secret(name), event);
    }

    private void write(String name, int version, String value) {
        append(
                name,
                SecretVersionWritten.newBuilder()
                        .setSecret(name)
                        .setSecretVersion(version)
                        .setValue(ring.seal(new SecretPlace(tenant, "prod", name, version), value.getBytes(UTF_8)))
                        .build());
    }

    private Secret secret(String name) {
        return log().secret(tenant, name).state();
    }

    private Secret.Version version(int number) {
        return secret(SECRET).version(number).orElseThrow();
    }

    private String current(String name) {
        Secret.Numbered current = secret(name).forVault().orElseThrow();
        return new String(ring.open(new SecretPlace(tenant, "prod", name, current.number()), current.value()), UTF_8);
    }

    private int ask(boolean compromised) {
        NextVersion next = NextVersion.of(
                ring, tenant, SECRET, secret(SECRET), Ids.uuidV7().toString());
        VaultRules.next(secret(SECRET), next, compromised, Clock.nowMicros()).forEach(event -> append(SECRET, event));
        return next.number();
    }

    /** One step of a version, by a process that starts now; answers how many it could not do. */
    private int step(int number) {
        var destinations = new Destinations(
                AddressRanges.forbidden().except(List.of("127.0.0.0/8")),
                name -> List.of(InetAddress.ofLiteral("127.0.0.1")));
        try (var client = new OutboundClient(
                        destinations,
                        new OutboundClient.Limits(Duration.ofSeconds(10), 64 * 1024, 4),
                        server().authorities());
                var rounds = new IssuerRounds(
                        new VaultList(database),
                        log(),
                        ring,
                        new Issuers(ring, log(), destinations, client),
                        new RoleIssuer(
                                ring, log(), new Targets(ring, new TargetServer(destinations, Optional.empty()))),
                        new TokenIssuer(ring, log(), destinations, client))) {
            rounds.advance(new IssuerRounds.Open(tenant, SECRET, number));
            return rounds.stuck();
        }
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
                    REFRESH,
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
        append(
                SECRET,
                SecretVersionDestroyed.newBuilder()
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
