package dev.chancery.quickstart.input;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.rbac.v1.ListRolesRequest;
import dev.chancery.testkit.SiteVerifyServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A quick start with limits as an operator sets them: the caller is told, over REST and gRPC, and others are not touched. */
class RateLimitIT {
    private static final String LIST = "chancery.rbac.v1.RbacService/ListRoles";
    private static final ListRolesRequest ALL = ListRolesRequest.getDefaultInstance();

    @Test
    void aCallerBeyondItsLimitIsToldWhenToTryAgain() {
        try (RunningInstance running = RunningInstance.start(
                        RunningInstance.newDirectory("limits"),
                        "-Dchancery.limits.service-reads=3/h burst 3",
                        "-Dchancery.limits.person-reads=3/h burst 3");
                SharedInstance people = SharedInstance.on(running)) {
            ContractMethod list = people.method(LIST);
            for (int i = 0; i < 3; i++) {
                Reply reply = people.wire.rest(list, ALL, people.a.headers());
                assertThat(reply.succeeded()).as("%s", reply).isTrue();
            }

            Reply refused = people.wire.rest(list, ALL, people.a.headers());

            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.json().getString("code")).isEqualTo("request.rate-limited");
            assertThat(refused.header("ratelimit-policy")).matches("\"(person|service)-reads\";q=3;w=3600");
            assertThat(Integer.parseInt(refused.header("retry-after"))).isBetween(1_000, 1_200);
            assertThat(people.wire.grpc(list, ALL, people.a.headers()).code()).isEqualTo("request.rate-limited");
            assertThat(people.wire.rest(list, ALL, people.b.headers()).succeeded())
                    .isTrue();
            assertThat(running.logText()).containsOnlyOnce("Rate limit reached").contains(people.a.tenant());
        }
    }

    /** Somebody tries another's name; a challenge lets one more try through, and a second block stands. */
    @Test
    void whoSolvesAChallengeGoesOnAndIsBlockedThen(@TempDir Path directory) throws IOException {
        Path secret = Files.writeString(directory.resolve("secret"), "made-up");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        try (var provider = new SiteVerifyServer("sign-in.kestrel.example");
                RunningInstance running = RunningInstance.start(
                        RunningInstance.newDirectory("challenge"),
                        "-Dchancery.limits.sign-ins-by-name=2/h burst 2",
                        "-Dchancery.limits.challenge.type=turnstile",
                        "-Dchancery.limits.challenge.verify-url=" + provider.url(),
                        "-Dchancery.limits.challenge.site-key=site-1",
                        "-Dchancery.limits.challenge.secret-file=" + secret,
                        "-Dchancery.limits.challenge.hostname=sign-in.kestrel.example");
                SharedInstance people = SharedInstance.on(running)) {
            for (int i = 0; i < 2; i++) {
                assertThat(tried(people, "").status()).isEqualTo(401);
            }
            Reply blocked = tried(people, "");
            assertThat(blocked.status()).isEqualTo(429);
            assertThat(blocked.json().getString("challenge")).isEqualTo("turnstile");
            assertThat(blocked.json().getString("challenge_site_key")).isEqualTo("site-1");
            ContractMethod issue = people.method("chancery.identity.v1.IdentityService/IssueToken");
            var request = IssueTokenRequest.newBuilder()
                    .setClientAssertion(people.assertion(people.a.clientId(), people.b.key()))
                    .build();
            Reply problem = people.wire.rest(issue, request, Map.of());
            assertThat(problem.code()).isEqualTo("request.rate-limited");
            assertThat(problem.json().getString("challenge_site_key")).isEqualTo("site-1");

            assertThat(tried(people, "solved").status()).isEqualTo(401);

            Reply again = tried(people, "solved-again");
            assertThat(again.status()).isEqualTo(429);
            assertThat(again.json().containsKey("challenge")).isFalse();
            assertThat(provider.asked()).containsExactly(Map.of("secret", "made-up", "response", "solved"));
            assertThat(running.logText()).contains("Rate limit reached").doesNotContain("solved", "made-up");
            assertThat(people.signedIn(people.a.clientId(), people.a.key()).tenant())
                    .isEqualTo(people.a.tenant());
        }
    }

    /** A sign-in in a's name with b's key. */
    private static Reply tried(SharedInstance people, String challenge) {
        Map<String, String> headers = new HashMap<>(Map.of("Content-Type", "application/x-www-form-urlencoded"));
        if (!challenge.isEmpty()) {
            headers.put("Chancery-Challenge", challenge);
        }
        String form = SharedInstance.tokenForm(people.assertion(people.a.clientId(), people.b.key()));
        return people.wire.http("POST", "/oauth/token", headers, form.getBytes(UTF_8));
    }
}
