package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.identity.v1.ChangeKeyRequest;
import dev.chancery.schema.identity.v1.EndMySessionsRequest;
import dev.chancery.schema.identity.v1.EndSessionsRequest;
import dev.chancery.schema.identity.v1.ListMySessionsRequest;
import dev.chancery.schema.identity.v1.ListSessionsRequest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sessions as clients see them, at OAuth's endpoints and in the lists, and what a running instance does with their access tokens. */
@Order(28)
class SessionsIT {
    /** From the end of a session until no process takes its tokens: what a decision may rest on is no older. */
    private static final Duration BOUND = Duration.ofSeconds(2);

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private Client ada = shared.owner;

    @BeforeEach
    void anOrganisation() {
        ada = calls.organisation();
    }

    private Reply form(String path, String form) {
        return shared.wire.http(
                "POST", path, Map.of("Content-Type", "application/x-www-form-urlencoded"), form.getBytes(UTF_8));
    }

    private JsonObject opened(String device) {
        Reply reply = form(
                "/oauth/token",
                SharedInstance.tokenForm(shared.assertion(ada.clientId(), ada.key())) + "&scope=offline_access&device="
                        + device);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        SharedInstance.secret(reply.json().getString("refresh_token"));
        return reply.json();
    }

    private Reply refreshed(String refreshToken) {
        String credentials = SharedInstance.tokenForm(shared.assertion(ada.clientId(), ada.key()));
        return form(
                "/oauth/token",
                credentials.replace("client_credentials", "refresh_token") + "&refresh_token=" + refreshToken);
    }

    private Client with(String accessToken) {
        return new Client(ada.tenant(), ada.clientId(), ada.key(), accessToken);
    }

    /** Reads rest on what this process has seen; that is at most as old as the bound. */
    private void awaitRefused(Client client) {
        long begun = System.nanoTime();
        Reply reply;
        do {
            reply = calls.send(client, ListMySessionsRequest.newBuilder());
            LockSupport.parkNanos(5_000_000);
        } while (reply.succeeded() && System.nanoTime() - begun < BOUND.toNanos());
        assertThat(reply.code()).isEqualTo("auth.session-over");
        assertThat(reply.status()).isEqualTo(401);
        assertThat(reply.header("www-authenticate")).isEqualTo("Bearer error=\"invalid_token\"");
        Reply grpc = shared.wire.grpc(
                shared.method("chancery.identity.v1.IdentityService/ListMySessions"),
                ListMySessionsRequest.getDefaultInstance(),
                client.headers());
        assertThat(grpc.code()).isEqualTo("auth.session-over");
    }

    @Test
    void aStandardClientRefreshesAndRevokes() {
        JsonObject first = opened("laptop");
        assertThat(first.getString("scope")).isEqualTo("offline_access");
        Reply second = refreshed(first.getString("refresh_token"));
        assertThat(second.succeeded()).as("%s", second).isTrue();
        assertThat(second.json().getString("refresh_token")).isNotEqualTo(first.getString("refresh_token"));
        Client client = with(second.json().getString("access_token"));
        calls.done(client, ListMySessionsRequest.newBuilder());
        Reply keyless = form(
                "/oauth/token",
                "grant_type=refresh_token&refresh_token=" + second.json().getString("refresh_token"));
        assertThat(keyless.status()).isEqualTo(401);
        assertThat(keyless.json().getString("error")).isEqualTo("invalid_client");

        Reply revoked = form("/oauth/revoke", "token=" + second.json().getString("refresh_token"));
        assertThat(revoked.status()).isEqualTo(200);
        assertThat(calls.send(client, EndMySessionsRequest.newBuilder().setAll(true))
                        .code())
                .isEqualTo("auth.session-over");
        awaitRefused(client);
        awaitRefused(with(first.getString("access_token")));
        assertThat(refreshed(second.json().getString("refresh_token")).json().getString("error"))
                .isEqualTo("invalid_grant");
        assertThat(form("/oauth/revoke", "token=" + second.json().getString("refresh_token"))
                        .status())
                .isEqualTo(200);
        assertThat(form("/oauth/revoke", "token=nonsense").status()).isEqualTo(200);
        assertThat(form("/oauth/revoke", "").status()).isEqualTo(400);
    }

    @Test
    void aSpentTokenEndsTheSession() {
        JsonObject first = opened("laptop");
        Reply second = refreshed(first.getString("refresh_token"));
        Reply again = refreshed(first.getString("refresh_token"));

        assertThat(again.status()).isEqualTo(400);
        assertThat(again.json().getString("error")).isEqualTo("invalid_grant");
        assertThat(refreshed(second.json().getString("refresh_token")).status()).isEqualTo(400);
        awaitRefused(with(second.json().getString("access_token")));
    }

    @Test
    void sessionsAreListedAndEndByDevice() {
        JsonObject laptop = opened("laptop");
        JsonObject again = opened("laptop");
        JsonObject phone = opened("phone");
        var listed = calls.done(with(phone.getString("access_token")), ListMySessionsRequest.newBuilder())
                .json()
                .getJsonArray("sessions");
        assertThat(listed).hasSize(3);
        JsonObject newest = listed.getJsonObject(0);
        assertThat(newest.getBoolean("current")).isTrue();
        assertThat(newest.getString("address")).isEqualTo("127.0.0.1");
        assertThat(newest.getString("signedInAtMicros")).isEqualTo(newest.getString("lastUsedAtMicros"));
        String device = listed.getJsonObject(1).getString("device");
        assertThat(listed.getJsonObject(2).getString("device")).isEqualTo(device);
        assertThat(newest.getString("device")).isNotEqualTo(device);

        calls.done(
                with(phone.getString("access_token")),
                EndMySessionsRequest.newBuilder().setDevice(device));
        awaitRefused(with(laptop.getString("access_token")));
        awaitRefused(with(again.getString("access_token")));
        assertThat(calls.done(ada, ListSessionsRequest.newBuilder().setPrincipalId(OrganisationCalls.id(ada)))
                        .json()
                        .getJsonArray("sessions"))
                .hasSize(1);
        Client nobody = calls.somebody(ada);
        assertThat(calls.send(
                                nobody,
                                EndSessionsRequest.newBuilder().setAll(true).setPrincipalId(OrganisationCalls.id(ada)))
                        .code())
                .isEqualTo("auth.forbidden");
    }

    @Test
    void anotherTenantsSessionIsNone() {
        JsonObject session = opened("laptop");
        String id = SharedInstance.sessionOf(session.getString("access_token"));
        Client stranger = calls.organisation();

        assertThat(calls.send(stranger, EndMySessionsRequest.newBuilder().setEndedSession(id))
                        .code())
                .isEqualTo("identity.no-such-session");
        assertThat(calls.send(
                                stranger,
                                EndSessionsRequest.newBuilder()
                                        .setPrincipalId(OrganisationCalls.id(ada))
                                        .setEndedSession(id))
                        .code())
                .isEqualTo("identity.no-such-principal");
        String moved = session.getString("refresh_token").replace(ada.tenant(), stranger.tenant());
        assertThat(refreshed(moved).json().getString("error")).isEqualTo("invalid_grant");
        assertThat(refreshed(session.getString("refresh_token")).status()).isEqualTo(200);
    }

    static Stream<Arguments> stepUps() {
        return SharedInstance.world().contract.methods().stream()
                .filter(method -> method.stepUpSeconds() > 0)
                .flatMap(method -> Stream.of(Api.values()).map(api -> Arguments.of(method.fullName(), api)));
    }

    /** RFC 9470, of every method that asks for it, over both faces: what would do is said. */
    @ParameterizedTest
    @MethodSource("stepUps")
    void anOldOrAWeakAuthenticationIsChallenged(String name, Api api) throws IOException {
        ContractMethod method = shared.method(name);
        Client caller = shared.rightful(method, shared.a);
        String maxAge = Integer.toString(method.stepUpSeconds());
        for (String token : List.of(
                calls.signedIn(caller, Instant.now().minusSeconds(method.stepUpSeconds() + 1L), "phr"),
                calls.signedIn(caller, Instant.now(), ""),
                calls.signedIn(caller, Instant.now(), "pwd"))) {
            Reply reply = api.call(
                    shared.wire,
                    method,
                    ExampleRequests.fill(method, shared.requests.values(method, caller)),
                    Map.of(
                            "Authorization",
                            "Bearer " + token,
                            "Idempotency-Key",
                            UUID.randomUUID().toString()));
            assertThat(reply.code()).as("%s", reply).isEqualTo("auth.step-up");
            assertThat(reply.everything()).contains("max_age", maxAge, "acr_values", "phr");
            if (api == Api.REST) {
                assertThat(reply.status()).isEqualTo(401);
                assertThat(reply.header("www-authenticate"))
                        .startsWith("Bearer error=\"insufficient_user_authentication\"")
                        .endsWith(", acr_values=\"phr\", max_age=\"" + maxAge + "\"");
            }
        }
    }

    @Test
    void aFreshSignInWillDo() {
        calls.done(
                ada,
                ChangeKeyRequest.newBuilder()
                        .setPrincipalId(OrganisationCalls.id(ada))
                        .setPublicKey(OrganisationCalls.bytes(SigningKey.generate())));
    }
}
