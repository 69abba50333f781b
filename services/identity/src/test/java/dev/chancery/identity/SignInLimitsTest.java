package dev.chancery.identity;

import static dev.chancery.identity.Requests.asking;
import static dev.chancery.identity.Requests.code;
import static dev.chancery.identity.Requests.from;
import static dev.chancery.identity.Requests.nobody;
import static dev.chancery.identity.Requests.offline;
import static dev.chancery.identity.Requests.refreshing;
import static dev.chancery.identity.Requests.reply;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.boundary.limits.ChallengeOptions;
import dev.chancery.boundary.limits.LimitOptions;
import dev.chancery.boundary.limits.Rate;
import dev.chancery.boundary.limits.RateLimits;
import dev.chancery.command.CallResult;
import dev.chancery.database.DatabaseRole;
import dev.chancery.identity.Installation.Process;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.RefreshTokenReply;
import dev.chancery.schema.identity.v1.SignOutRequest;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.SiteVerifyServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What strangers' failures cost those who have a key: nothing. */
class SignInLimitsTest {
    private static final int FAILURES = 5;
    private static final LimitOptions FEW = new LimitOptions(
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.NONE,
            Rate.of(FAILURES + "/h burst " + FAILURES),
            Rate.of(FAILURES + "/h burst " + FAILURES),
            Rate.NONE,
            30,
            Optional.empty());

    @TempDir
    private Path directory;

    private Installation installation;
    private Process process;
    private String clientId = "";

    @BeforeEach
    void anOwner() throws IOException {
        installation = new Installation(directory);
        installation.rates = new RateLimits(FEW, Backing.database("limits"), DatabaseRole.ACCESS);
        process = installation.new Process();
        process.start();
        clientId = installation.claimed(process).getClientId();
    }

    @AfterEach
    void close() {
        installation.close();
    }

    /** Anybody can name a client. Where no process knows it yet, its own signature lets it in all the same. */
    @Test
    void forgedAssertionsKeepNobodyOutWhoHasTheKey() {
        Process fresh = installation.new Process();
        for (int i = 0; i < FAILURES; i++) {
            assertThat(code(fresh.call("IssueToken", asking(new Client().assertion(clientId)), nobody())))
                    .isEqualTo("identity.assertion-invalid");
        }
        assertThat(code(fresh.call("IssueToken", asking(new Client().assertion(clientId)), nobody())))
                .isEqualTo("request.rate-limited");

        assertThat(code(fresh.call("IssueToken", asking(installation.owner.assertion(clientId)), nobody())))
                .isEqualTo("ok");
    }

    /** Others at its address fail; who is known refreshes and signs out there all the same, as it signs in. */
    @Test
    void whoIsKnownHasNoPartInWhatOthersAtItsAddressTry() {
        String address = "198.51.100.7";
        IssueTokenReply open = reply(
                IssueTokenReply.class,
                process.call("IssueToken", offline(installation.owner.assertion(clientId)), nobody()));
        String first = refreshed(open.getRefreshToken(), "127.0.0.1");
        for (int i = 0; i < FAILURES; i++) {
            process.call("IssueToken", asking(new Client().assertion("instance.somebody-" + i)), from(address));
        }
        Process fresh = installation.new Process();
        assertThat(code(fresh.call("IssueToken", asking(installation.owner.assertion(clientId)), from(address))))
                .isEqualTo("request.rate-limited");

        String second = refreshed(first, address);
        assertThat(signedOut(second, address)).isEqualTo("ok");
        String token = process.token(clientId);
        assertThat(signedOut(token, address)).isEqualTo("ok");
        assertThat(signedOut(token + "x", address)).isEqualTo("request.rate-limited");
    }

    /** Strangers at its address fail; who solves a challenge there signs in, and the strangers are blocked again. */
    @Test
    void whoSolvesAChallengeSignsInFromAnAddressThatIsBlocked() throws IOException {
        String host = "sign-in.kestrel.example";
        String address = "198.51.100.8";
        Path secret = Files.writeString(directory.resolve("secret"), "made-up");
        try (var provider = new SiteVerifyServer(host)) {
            var challenge =
                    new ChallengeOptions("turnstile", provider.url(), "site-1", secret, host, Duration.ofSeconds(3));
            installation.rates = new RateLimits(FEW.with(challenge), Backing.database("limits"), DatabaseRole.ACCESS);
            Process fresh = installation.new Process();
            for (int i = 0; i < FAILURES; i++) {
                fresh.call("IssueToken", asking(new Client().assertion("instance.somebody-" + i)), from(address));
            }
            var good = asking(installation.owner.assertion(clientId));
            assertThat(fresh.call("IssueToken", good, from(address)))
                    .isInstanceOfSatisfying(CallResult.Refused.class, refused -> {
                        assertThat(refused.rejection().code()).isEqualTo("request.rate-limited");
                        assertThat(refused.details()).containsEntry("challenge", "turnstile");
                    });

            assertThat(code(fresh.call("IssueToken", good, from(address, "solved"))))
                    .isEqualTo("ok");

            for (String expected : List.of("identity.assertion-invalid", "request.rate-limited")) {
                assertThat(code(fresh.call(
                                "IssueToken",
                                asking(new Client().assertion("instance.nobody")),
                                from(address, "again"))))
                        .isEqualTo(expected);
            }
            assertThat(provider.asked()).hasSize(1);
        }
    }

    private String refreshed(String refreshToken, String address) {
        var request = refreshing(refreshToken, installation.owner.assertion(clientId));
        return reply(RefreshTokenReply.class, process.call("RefreshToken", request, from(address)))
                .getRefreshToken();
    }

    private String signedOut(String token, String address) {
        return code(process.call(
                "SignOut", SignOutRequest.newBuilder().setToken(token).build(), from(address)));
    }
}
