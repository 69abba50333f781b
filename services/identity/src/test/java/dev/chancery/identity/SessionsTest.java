package dev.chancery.identity;

import static dev.chancery.identity.Requests.bearer;
import static dev.chancery.identity.Requests.code;
import static dev.chancery.identity.Requests.nobody;
import static dev.chancery.identity.Requests.offline;
import static dev.chancery.identity.Requests.organisation;
import static dev.chancery.identity.Requests.refreshing;
import static dev.chancery.identity.Requests.reply;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.CallResult;
import dev.chancery.feature.SessionLimits;
import dev.chancery.feature.SessionLimits.AtLimit;
import dev.chancery.feature.SessionLimits.OnReuse;
import dev.chancery.identity.Installation.Process;
import dev.chancery.schema.identity.v1.ChangeKeyRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.EndMySessionsRequest;
import dev.chancery.schema.identity.v1.EndSessionsRequest;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.RefreshTokenReply;
import dev.chancery.schema.identity.v1.SignOutRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions and their refresh tokens, over a real log. */
class SessionsTest {
    private static final boolean FULL = "full".equals(System.getProperty("chancery.rounds"));
    private static final int AT_ONCE = FULL ? 1_000 : 16;
    private static final int RACES = FULL ? 1_000 : 15;

    /** What a thousand callers at once may be told as well, by a process that has no room or no time for all of them. */
    private static final Set<String> BUSY =
            Set.of("backbone.overloaded", "tenant.too-many-calls", "backbone.outcome-unknown");

    @TempDir
    private Path directory;

    private Installation installation;
    private Process process;
    private String clientId = "";

    @BeforeEach
    void anOwner() throws IOException {
        installation = new Installation(directory);
        process = installation.new Process();
        process.start();
        clientId = installation.claimed(process).getClientId();
    }

    @AfterEach
    void close() {
        installation.close();
    }

    private CallResult signIn() {
        return process.call("IssueToken", offline(installation.owner.assertion(clientId)), nobody());
    }

    private IssueTokenReply opened() {
        return reply(IssueTokenReply.class, signIn());
    }

    private CallResult refresh(String refreshToken) {
        return refresh(process, refreshToken);
    }

    private CallResult refresh(Process by, String refreshToken) {
        return refresh(by, refreshToken, installation.owner.assertion(clientId));
    }

    private static CallResult refresh(Process by, String refreshToken, String assertion) {
        return by.call("RefreshToken", refreshing(refreshToken, assertion), nobody());
    }

    private RefreshTokenReply refreshed(String refreshToken) {
        return reply(RefreshTokenReply.class, refresh(refreshToken));
    }

    /** What a command by an access token comes to. */
    private String used(String accessToken) {
        return code(process.call("CreateOrganisation", organisation(), bearer(accessToken)));
    }

    private void limits(SessionLimits limits) {
        installation.limits = limits;
        process = installation.new Process();
        process.start();
    }

    private static JsonObject claims(String accessToken) {
        return new JsonObject(
                new String(Base64.getUrlDecoder().decode(accessToken.split("\\.")[1]), UTF_8));
    }

    @Test
    void aSessionGoesOnWithEachNextToken() {
        IssueTokenReply first = opened();
        RefreshTokenReply second = refreshed(first.getRefreshToken());
        RefreshTokenReply third =
                reply(RefreshTokenReply.class, refresh(installation.new Process(), second.getRefreshToken()));

        assertThat(used(third.getAccessToken())).isEqualTo("ok");
        assertThat(claims(third.getAccessToken()).getString("sid"))
                .isEqualTo(claims(first.getAccessToken()).getString("sid"));
        assertThat(claims(third.getAccessToken()).getLong("auth_time"))
                .isEqualTo(claims(first.getAccessToken()).getLong("auth_time"));
        assertThat(claims(third.getAccessToken()).getString("jti"))
                .isNotEqualTo(claims(first.getAccessToken()).getString("jti"));
    }

    @Test
    void aTokenWithoutASessionHasNoRefreshToken() {
        IssueTokenReply issued = reply(
                IssueTokenReply.class,
                process.call("IssueToken", Requests.asking(installation.owner.assertion(clientId)), nobody()));
        assertThat(issued.getRefreshToken()).isEmpty();
    }

    /** As after a crash between commit and answer too: the client has the spent token only, and signs in again. */
    @Test
    void aSpentTokenEndsAllAndLeavesNoSuccessor() {
        IssueTokenReply first = opened();
        IssueTokenReply other = opened();
        RefreshTokenReply second = refreshed(first.getRefreshToken());

        assertThat(code(refresh(first.getRefreshToken()))).isEqualTo("identity.refresh-reused");
        assertThat(code(refresh(second.getRefreshToken()))).isEqualTo("identity.session-over");
        assertThat(code(refresh(first.getRefreshToken()))).isEqualTo("identity.session-over");
        assertThat(used(second.getAccessToken())).isEqualTo("auth.session-over");
        assertThat(used(first.getAccessToken())).isEqualTo("auth.session-over");
        assertThat(code(refresh(other.getRefreshToken()))).isEqualTo("identity.session-over");
        assertThat(used(opened().getAccessToken())).isEqualTo("ok");
    }

    @Test
    void aSpentTokenEndsItsSessionOnlyWhereThatIsConfigured() {
        limits(new SessionLimits(
                Duration.ofDays(7),
                Duration.ofDays(30),
                10,
                AtLimit.OLDEST_ENDS,
                OnReuse.SESSION_ENDS,
                Duration.ofDays(30)));
        IssueTokenReply first = opened();
        IssueTokenReply other = opened();
        RefreshTokenReply second = refreshed(first.getRefreshToken());

        assertThat(code(refresh(first.getRefreshToken()))).isEqualTo("identity.refresh-reused");
        assertThat(code(refresh(second.getRefreshToken()))).isEqualTo("identity.session-over");
        assertThat(used(first.getAccessToken())).isEqualTo("auth.session-over");
        assertThat(code(refresh(other.getRefreshToken()))).isEqualTo("ok");
    }

    @Test
    void anInventedTokenEndsNothing() {
        String good = opened().getRefreshToken();
        RefreshToken parts = RefreshToken.read(good).orElseThrow();
        RefreshToken stranger = RefreshToken.first(parts.tenant(), parts.principalId(), parts.session());
        String elsewhere = "0199f2aa-0000-7000-8000-00000000000b";

        for (RefreshToken invented : List.of(
                stranger,
                new RefreshToken(elsewhere, parts.principalId(), parts.session(), parts.family(), parts.secret()),
                new RefreshToken(parts.tenant(), elsewhere, parts.session(), parts.family(), parts.secret()),
                new RefreshToken(parts.tenant(), parts.principalId(), elsewhere, parts.family(), parts.secret()))) {
            assertThat(code(refresh(invented.text()))).isEqualTo("identity.refresh-invalid");
            assertThat(code(process.call(
                            "SignOut",
                            SignOutRequest.newBuilder()
                                    .setToken(invented.text())
                                    .build(),
                            nobody())))
                    .isEqualTo("identity.refresh-invalid");
        }
        assertThat(code(refresh(good))).isEqualTo("ok");
    }

    /** Never two live successors: of many that present the same token one gets the next, and that ends with the family. */
    @Test
    void ofManyAtOnceNoneHasALiveSuccessor() throws Exception {
        String token = opened().getRefreshToken();
        List<Process> processes = List.of(process, installation.new Process(), installation.new Process());
        List<CallResult> answers = atOnce(IntStream.range(0, AT_ONCE)
                .<Callable<CallResult>>mapToObj(i -> () -> refresh(processes.get(i % processes.size()), token))
                .toList());

        List<String> codes = answers.stream().map(Requests::code).toList();
        assertThat(codes.stream().filter("ok"::equals)).hasSizeLessThanOrEqualTo(1);
        assertThat(codes.stream().filter("identity.refresh-reused"::equals)).hasSize(1);
        assertThat(codes.stream().filter(code -> !BUSY.contains(code)))
                .isSubsetOf("ok", "identity.refresh-reused", "identity.session-over");
        assertThat(code(refresh(token))).isEqualTo("identity.session-over");
        for (CallResult answer : answers) {
            if (answer instanceof CallResult.Replied replied) {
                RefreshTokenReply winner = (RefreshTokenReply) replied.reply();
                assertThat(code(refresh(winner.getRefreshToken()))).isEqualTo("identity.session-over");
                assertThat(used(winner.getAccessToken())).isEqualTo("auth.session-over");
            }
        }
    }

    /** Whichever is first: after the end there is nothing that can be refreshed. */
    @Test
    void aRefreshThatRacesWithTheEndLeavesNothing() throws Exception {
        for (int race = 0; race < RACES; race++) {
            IssueTokenReply open = opened();
            List<CallResult> answers = atOnce(List.of(
                    () -> refresh(open.getRefreshToken()),
                    () -> process.call(
                            "SignOut",
                            SignOutRequest.newBuilder()
                                    .setToken(open.getRefreshToken())
                                    .build(),
                            nobody())));
            assertThat(code(answers.get(1))).isEqualTo("ok");
            if (answers.get(0) instanceof CallResult.Replied replied) {
                RefreshTokenReply successor = (RefreshTokenReply) replied.reply();
                assertThat(code(refresh(successor.getRefreshToken()))).isEqualTo("identity.session-over");
                assertThat(used(successor.getAccessToken())).isEqualTo("auth.session-over");
            } else {
                assertThat(code(answers.get(0))).isEqualTo("identity.session-over");
            }
        }
    }

    private static List<CallResult> atOnce(List<Callable<CallResult>> calls) throws Exception {
        List<CallResult> answers = new ArrayList<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<CallResult> answer : threads.invokeAll(calls)) {
                answers.add(answer.get());
            }
        }
        return answers;
    }

    @Test
    void beyondTheLimitTheOldestEnds() {
        limits(new SessionLimits(
                Duration.ofDays(7), Duration.ofDays(30), 2, AtLimit.OLDEST_ENDS, OnReuse.ALL_END, Duration.ofDays(30)));
        IssueTokenReply first = opened();
        IssueTokenReply second = opened();
        IssueTokenReply third = opened();

        assertThat(code(refresh(first.getRefreshToken()))).isEqualTo("identity.refresh-invalid");
        assertThat(used(first.getAccessToken())).isEqualTo("auth.session-over");
        assertThat(code(refresh(second.getRefreshToken()))).isEqualTo("ok");
        assertThat(code(refresh(third.getRefreshToken()))).isEqualTo("ok");
    }

    @Test
    void beyondTheLimitTheNewOneIsRefusedWhereThatIsConfigured() {
        limits(new SessionLimits(
                Duration.ofDays(7),
                Duration.ofDays(30),
                1,
                AtLimit.NEW_IS_REFUSED,
                OnReuse.ALL_END,
                Duration.ofDays(30)));
        IssueTokenReply first = opened();

        assertThat(code(signIn())).isEqualTo("identity.too-many-sessions");
        assertThat(code(process.call(
                        "SignOut",
                        SignOutRequest.newBuilder()
                                .setToken(first.getAccessToken())
                                .build(),
                        nobody())))
                .isEqualTo("ok");
        assertThat(code(signIn())).isEqualTo("ok");
    }

    @Test
    void aSessionIsOverWhenIdleAndInAnyCaseAfterItsLifetime() {
        limits(new SessionLimits(
                Duration.ofMillis(1),
                Duration.ofDays(30),
                10,
                AtLimit.OLDEST_ENDS,
                OnReuse.ALL_END,
                Duration.ofDays(30)));
        assertThat(code(refresh(opened().getRefreshToken()))).isEqualTo("identity.session-over");
        limits(new SessionLimits(
                Duration.ofDays(7),
                Duration.ofMillis(1),
                10,
                AtLimit.OLDEST_ENDS,
                OnReuse.ALL_END,
                Duration.ofDays(30)));
        IssueTokenReply short1 = opened();
        assertThat(code(refresh(short1.getRefreshToken()))).isEqualTo("identity.session-over");
        assertThat(short1.getExpiresInSeconds()).isZero();
    }

    @Test
    void aTokenWithoutASessionIsEndedToo() {
        String token = process.token(clientId);
        var out = SignOutRequest.newBuilder().setToken(token).build();
        assertThat(used(token)).isEqualTo("ok");
        assertThat(code(process.call("SignOut", out, nobody()))).isEqualTo("ok");
        assertThat(used(token)).isEqualTo("auth.session-over");
        assertThat(code(process.call("SignOut", out, nobody()))).isEqualTo("ok");
        assertThat(used(process.token(clientId))).isEqualTo("ok");
    }

    @Test
    void allOfMineEndIncludingThisCallsOwn() {
        IssueTokenReply one = opened();
        String plain = process.token(clientId);
        assertThat(code(process.call(
                        "EndMySessions",
                        EndMySessionsRequest.newBuilder().setAll(true).build(),
                        bearer(plain))))
                .isEqualTo("ok");
        assertThat(used(plain)).isEqualTo("auth.session-over");
        assertThat(used(one.getAccessToken())).isEqualTo("auth.session-over");
        assertThat(code(refresh(one.getRefreshToken()))).isEqualTo("identity.session-over");
        assertThat(used(process.token(clientId))).isEqualTo("ok");
    }

    @Test
    void oneOfMineEnds() {
        IssueTokenReply one = opened();
        IssueTokenReply other = opened();
        var end = EndMySessionsRequest.newBuilder()
                .setEndedSession(claims(one.getAccessToken()).getString("sid"))
                .build();
        assertThat(code(process.call("EndMySessions", end, bearer(other.getAccessToken()))))
                .isEqualTo("ok");
        assertThat(used(one.getAccessToken())).isEqualTo("auth.session-over");
        assertThat(used(other.getAccessToken())).isEqualTo("ok");
        assertThat(code(process.call("EndMySessions", end, bearer(other.getAccessToken()))))
                .isEqualTo("ok");
    }

    @Test
    void aPrincipalsSessionsEndWithItsKeyItselfAndByAnother() {
        Client client = new Client();
        CreatePrincipalReply made = reply(
                CreatePrincipalReply.class,
                process.call(
                        "CreatePrincipal",
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.SERVICE)
                                .setDisplayName("Robot")
                                .setPublicKey(client.publicKey())
                                .build(),
                        bearer(process.token(clientId))));
        var open = offline(client.assertion(made.getClientId()));
        String first = reply(IssueTokenReply.class, process.call("IssueToken", open, nobody()))
                .getRefreshToken();
        asOwner(
                "EndSessions",
                EndSessionsRequest.newBuilder()
                        .setPrincipalId(made.getPrincipalId())
                        .setAll(true)
                        .build());
        assertThat(code(refresh(process, first, client.assertion(made.getClientId()))))
                .isEqualTo("identity.session-over");

        String second = reply(
                        IssueTokenReply.class,
                        process.call("IssueToken", offline(client.assertion(made.getClientId())), nobody()))
                .getRefreshToken();
        Client next = new Client();
        asOwner(
                "ChangeKey",
                ChangeKeyRequest.newBuilder()
                        .setPrincipalId(made.getPrincipalId())
                        .setPublicKey(next.publicKey())
                        .build());
        assertThat(code(refresh(process, second, next.assertion(made.getClientId()))))
                .isEqualTo("identity.session-over");

        String third = reply(
                        IssueTokenReply.class,
                        process.call("IssueToken", offline(next.assertion(made.getClientId())), nobody()))
                .getRefreshToken();
        asOwner(
                "DeactivatePrincipal",
                DeactivatePrincipalRequest.newBuilder()
                        .setPrincipalId(made.getPrincipalId())
                        .build());
        assertThat(code(refresh(process, third, next.assertion(made.getClientId()))))
                .isEqualTo("identity.assertion-invalid");
    }

    private void asOwner(String method, com.google.protobuf.Message request) {
        assertThat(code(process.call(method, request, bearer(process.token(clientId)))))
                .isEqualTo("ok");
    }

    /** RFC 6749, 6: whoever has the token and not the client's key gets nothing by it, and ends nothing. */
    @Test
    void aRefreshTokenIsOfUseToTheClientAloneThatGotIt() {
        IssueTokenReply open = opened();
        String token = open.getRefreshToken();
        Client other = new Client();
        CreatePrincipalReply made = reply(
                CreatePrincipalReply.class,
                process.call(
                        "CreatePrincipal",
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.SERVICE)
                                .setDisplayName("Robot")
                                .setPublicKey(other.publicKey())
                                .build(),
                        bearer(open.getAccessToken())));

        assertThat(code(refresh(process, token, ""))).isEqualTo("identity.assertion-missing");
        assertThat(code(refresh(process, token, other.assertion(clientId)))).isEqualTo("identity.assertion-invalid");
        assertThat(code(refresh(process, token, other.assertion(made.getClientId()))))
                .isEqualTo("identity.refresh-invalid");

        String assertion = installation.owner.assertion(clientId);
        RefreshTokenReply next = reply(RefreshTokenReply.class, refresh(process, token, assertion));
        assertThat(code(refresh(process, next.getRefreshToken(), assertion))).isEqualTo("identity.assertion-replayed");
        // A spent one, by who has not the key: the session goes on.
        assertThat(code(refresh(process, token, ""))).isEqualTo("identity.assertion-missing");
        assertThat(code(refresh(next.getRefreshToken()))).isEqualTo("ok");
    }
}
