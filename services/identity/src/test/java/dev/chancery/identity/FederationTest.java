package dev.chancery.identity;

import static dev.chancery.identity.Requests.asking;
import static dev.chancery.identity.Requests.bearer;
import static dev.chancery.identity.Requests.code;
import static dev.chancery.identity.Requests.nobody;
import static dev.chancery.identity.Requests.reply;
import static dev.chancery.identity.TestIssuer.URL;
import static dev.chancery.identity.TestIssuer.claims;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.boundary.limits.LimitOptions;
import dev.chancery.boundary.limits.Rate;
import dev.chancery.boundary.limits.RateLimits;
import dev.chancery.boundary.tokens.Jwt;
import dev.chancery.command.CallResult;
import dev.chancery.command.Caller;
import dev.chancery.database.DatabaseRole;
import dev.chancery.decision.AuthorityStreams;
import dev.chancery.decision.PrincipalState;
import dev.chancery.identity.Installation.Process;
import dev.chancery.schema.identity.v1.AllowAgentReply;
import dev.chancery.schema.identity.v1.AllowAgentRequest;
import dev.chancery.schema.identity.v1.ChangeIssuerRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationReply;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.DistrustIssuerRequest;
import dev.chancery.schema.identity.v1.EndMySessionsRequest;
import dev.chancery.schema.identity.v1.ExchangeTokenReply;
import dev.chancery.schema.identity.v1.ExchangeTokenRequest;
import dev.chancery.schema.identity.v1.GroupRole;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssuerTerms;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.SignOutRequest;
import dev.chancery.schema.identity.v1.TrustIssuerReply;
import dev.chancery.schema.identity.v1.TrustIssuerRequest;
import dev.chancery.schema.identity.v1.WithdrawAgentRequest;
import dev.chancery.testkit.Backing;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who comes from a trusted issuer, and who acts for somebody, over a real log. */
class FederationTest {
    private static final String ADMINISTRATORS = "administrators";
    private static final String ROBOTS = "https://kubernetes.default.svc";

    @TempDir
    private Path directory;

    private final TestIssuer issuer = new TestIssuer("ES256");
    private final Client administrator = new Client();
    private Installation installation;
    private Process process;
    private String owner;
    private CreateOrganisationReply acme;
    private String admin;

    @BeforeEach
    void anOrganisation() throws IOException {
        installation = new Installation(directory);
        process = installation.new Process();
        process.start();
        owner = process.token(installation.claimed(process).getClientId());
        acme = organisation();
        admin = token(administrator, acme.getClientId());
    }

    @AfterEach
    void close() {
        installation.close();
    }

    @Test
    void whoComesForTheFirstTimeBecomesAPrincipal() {
        trust(issuer.terms());
        var first = exchanged(claims("ada")
                .put("name", "Ada Lovelace")
                .put("email", "ada@example.org")
                .put("email_verified", true));
        assertThat(first.getIssuedTokenType()).isEqualTo("urn:ietf:params:oauth:token-type:access_token");
        assertThat(first.getExpiresInSeconds()).isBetween(290, 300);
        assertThat(exchanged(claims("ada")).getPrincipalId()).isEqualTo(first.getPrincipalId());
        assertThat(exchanged(claims("ben")).getPrincipalId()).isNotEqualTo(first.getPrincipalId());

        Account ada = account(first.getPrincipalId());
        assertThat(ada.type()).isEqualTo(PrincipalType.USER);
        assertThat(opened(ada.displayName())).isEqualTo("Ada Lovelace");
        assertThat(opened(ada.email())).isEqualTo("ada@example.org");
    }

    @Test
    void aTokenIsExchangedOnce() {
        trust(issuer.terms());
        String token = issuer.token(claims("ada"));
        assertThat(code(exchange(token))).isEqualTo("ok");
        assertThat(code(exchange(token))).isEqualTo("identity.subject-token-replayed");
        JsonObject nameless = claims("ben");
        nameless.remove("jti");
        token = issuer.token(nameless);
        assertThat(code(exchange(token))).isEqualTo("ok");
        // Another signature of the same token, which ECDSA has any number of.
        assertThat(code(exchange(issuer.signed(token.substring(0, token.lastIndexOf('.'))))))
                .isEqualTo("identity.subject-token-replayed");
    }

    @Test
    void onlyTheOrganisationThatTrustsTheIssuerTakesItsTokens() {
        trust(issuer.terms());
        CreateOrganisationReply other = organisation();
        assertThat(code(exchange(issuer.token(claims("ada")), other.getOrganisationId())))
                .isEqualTo("identity.subject-token-invalid");
        assertThat(code(exchange(issuer.token(claims("ada")), "0199f2aa-0000-7000-8000-00000000000b")))
                .isEqualTo("identity.subject-token-invalid");

        // The other one says that the issuer has another key: whoever holds that is nobody in the first.
        TestIssuer forged = new TestIssuer("ES256");
        reply(
                TrustIssuerReply.class,
                process.federation(
                        "TrustIssuer",
                        TrustIssuerRequest.newBuilder()
                                .setIssuer(URL)
                                .setTerms(forged.terms())
                                .build(),
                        bearer(token(administrator, other.getClientId()))));
        assertThat(code(exchange(forged.token(claims("ada")), acme.getOrganisationId())))
                .isEqualTo("identity.subject-token-invalid");
        String theirs = reply(
                        ExchangeTokenReply.class, exchange(forged.token(claims("ada")), other.getOrganisationId()))
                .getPrincipalId();
        assertThat(theirs).isNotEqualTo(exchanged(claims("ada")).getPrincipalId());
    }

    @Test
    void rolesFollowTheGroups() {
        String id = trust(issuer.terms().addGroupRoles(role(ADMINISTRATORS, "administrator")));
        String mine = exchanged(claims("ada")).getAccessToken();
        assertThat(code(createWorkspace(mine))).isEqualTo("auth.forbidden");

        exchanged(claims("ada").put("groups", new JsonArray().add("staff").add(ADMINISTRATORS)));
        assertThat(code(createWorkspace(mine))).isEqualTo("ok");
        PrincipalState held = stateOf(mine);
        exchanged(claims("ada").put("groups", ADMINISTRATORS));
        assertThat(stateOf(mine)).isEqualTo(held);

        exchanged(claims("ada").put("groups", new JsonArray().add("staff")));
        assertThat(code(createWorkspace(mine))).isEqualTo("auth.forbidden");

        // Mapped no more: at once, whatever the groups were at the last exchange.
        exchanged(claims("ada").put("groups", ADMINISTRATORS));
        assertThat(code(createWorkspace(mine))).isEqualTo("ok");
        assertThat(code(process.federation(
                        "ChangeIssuer",
                        ChangeIssuerRequest.newBuilder()
                                .setIssuerId(id)
                                .setTerms(issuer.terms())
                                .build(),
                        bearer(admin))))
                .isEqualTo("ok");
        assertThat(code(createWorkspace(mine))).isEqualTo("auth.forbidden");
    }

    @Test
    void aDistrustedIssuerGivesNothingAtOnce() {
        String id = trust(issuer.terms().addGroupRoles(role(ADMINISTRATORS, "administrator")));
        String mine = exchanged(claims("ada").put("groups", ADMINISTRATORS)).getAccessToken();
        assertThat(code(createWorkspace(mine))).isEqualTo("ok");

        assertThat(code(process.federation(
                        "DistrustIssuer",
                        DistrustIssuerRequest.newBuilder().setIssuerId(id).build(),
                        bearer(admin))))
                .isEqualTo("ok");
        assertThat(code(createWorkspace(mine))).isEqualTo("auth.forbidden");
        assertThat(code(exchange(issuer.token(claims("ada"))))).isEqualTo("identity.subject-token-invalid");

        // Trusted again, its users are others: whoever has its keys now is not who had them before.
        String before = subject(mine);
        trust(issuer.terms());
        assertThat(exchanged(claims("ada")).getPrincipalId()).isNotEqualTo(before);
    }

    @Test
    void whoIsNotKnownIsLetInOnlyWhereTheIssuerMayBringPeople() {
        trust(issuer.terms().clearCreates());
        assertThat(code(exchange(issuer.token(claims("ada"))))).isEqualTo("identity.subject-unknown");
    }

    @Test
    void whoWasEndedStaysOut() {
        trust(issuer.terms());
        String id = exchanged(claims("ada")).getPrincipalId();
        process.call(
                "DeactivatePrincipal",
                DeactivatePrincipalRequest.newBuilder().setPrincipalId(id).build(),
                bearer(admin));
        assertThat(code(exchange(issuer.token(claims("ada"))))).isEqualTo("identity.subject-unknown");
    }

    @Test
    void anAddressThatIsSomebodysStaysTheirs() {
        trust(issuer.terms());
        JsonObject ada = claims("ada").put("email", "ada@example.org").put("email_verified", true);
        String first = exchanged(ada).getPrincipalId();
        String second = exchanged(claims("eve").put("email", "ADA@example.org").put("email_verified", true))
                .getPrincipalId();
        assertThat(opened(account(first).email())).isEqualTo("ada@example.org");
        assertThat(opened(account(second).email())).isEmpty();
    }

    /** Who is new is in no workspace: however often that is tried, it leaves no principal and no record. */
    @Test
    void aNewcomersTokenForAWorkspaceIsRefusedBeforeAnythingIsWritten() {
        trust(issuer.terms());
        String tenant = acme.getOrganisationId();
        long before = installation.head(tenant);
        for (int i = 0; i < 3; i++) {
            assertThat(code(process.federation(
                            "ExchangeToken",
                            ExchangeTokenRequest.newBuilder()
                                    .setSubjectToken(issuer.token(claims("ada")))
                                    .setSubjectTokenType("urn:ietf:params:oauth:token-type:jwt")
                                    .setAudience(tenant)
                                    .setWorkspaceId("0199f2aa-0000-7000-8000-00000000000b")
                                    .build(),
                            nobody())))
                    .isEqualTo("identity.not-a-member");
        }
        assertThat(installation.head(tenant)).isEqualTo(before);
    }

    /** Others at its address fail; whom this process let in before is let in there again, and so is an agent that acts. */
    @Test
    void whoIsKnownHasNoPartInWhatOthersAtItsAddressTry() {
        var once = Rate.of("1/h burst 1");
        installation.rates = new RateLimits(
                new LimitOptions(
                        Rate.NONE,
                        Rate.NONE,
                        Rate.NONE,
                        Rate.NONE,
                        Rate.NONE,
                        Rate.NONE,
                        Rate.NONE,
                        once,
                        once,
                        Rate.NONE,
                        30,
                        Optional.empty()),
                Backing.database("limits"),
                DatabaseRole.ACCESS);
        process = installation.new Process();
        process.start();
        Actors actors = actors("workspace:create");
        assertThat(exchangedFrom("198.51.100.7", new TestIssuer("ES256").token(claims("eve"))))
                .isEqualTo("identity.subject-token-invalid");
        assertThat(exchangedFrom("198.51.100.7", issuer.token(claims("eve")))).isEqualTo("request.rate-limited");

        assertThat(exchangedFrom("198.51.100.7", issuer.token(claims("ada").put("groups", ADMINISTRATORS))))
                .isEqualTo("ok");
        assertThat(code(exchangeFor(actors.userToken(), actors.agentToken(), Requests.from("198.51.100.7"))))
                .isEqualTo("ok");
    }

    private String exchangedFrom(String address, String token) {
        return code(process.federation(
                "ExchangeToken",
                ExchangeTokenRequest.newBuilder()
                        .setSubjectToken(token)
                        .setSubjectTokenType("urn:ietf:params:oauth:token-type:jwt")
                        .setAudience(acme.getOrganisationId())
                        .build(),
                Requests.from(address)));
    }

    // Agents

    @Test
    void anAgentDoesWhatBothMayAndTheUserAllowed() {
        Actors actors = actors("workspace:create");
        String acting = reply(ExchangeTokenReply.class, actors.exchange()).getAccessToken();
        JsonObject claims =
                new JsonObject(Jwt.read(acting).orElseThrow().claims().toString());
        assertThat(claims.getString("sub")).isEqualTo(actors.user());
        assertThat(claims.getJsonObject("act")).isEqualTo(new JsonObject().put("sub", actors.agent()));

        assertThat(code(createWorkspace(acting))).isEqualTo("ok");
        // The user may, and the agent may, but that was not allowed.
        assertThat(code(createPrincipal(acting))).isEqualTo("auth.forbidden");

        process.federation(
                "WithdrawAgent",
                WithdrawAgentRequest.newBuilder()
                        .setDelegationId(actors.delegation())
                        .build(),
                bearer(actors.userToken()));
        assertThat(code(createWorkspace(acting))).isEqualTo("auth.forbidden");
        assertThat(code(actors.exchange())).isEqualTo("identity.actor-not-allowed");
    }

    @Test
    void anAgentWithoutTheCapabilityOrForAUserWithoutItIsRefused() {
        Actors actors = actors("workspace:create");
        String acting = reply(ExchangeTokenReply.class, actors.exchange()).getAccessToken();
        assertThat(code(createWorkspace(acting))).isEqualTo("ok");

        exchanged(claims("ada"));
        assertThat(code(createWorkspace(actors.userToken()))).isEqualTo("auth.forbidden");
        assertThat(code(createWorkspace(acting))).isEqualTo("auth.forbidden");
        exchanged(claims("ada").put("groups", ADMINISTRATORS));
        assertThat(code(createWorkspace(acting))).isEqualTo("ok");

        exchanged(robot());
        assertThat(code(createWorkspace(acting))).isEqualTo("auth.forbidden");
    }

    private static JsonObject robot() {
        return claims("robot").put("iss", ROBOTS);
    }

    /** A user that has signed out has nobody act for it any more, though neither the agent nor the delegation has changed. */
    @Test
    void whatActsForAUserEndsWithTheSessionThatLetIt() {
        Actors actors = actors("workspace:create");
        String acting = reply(ExchangeTokenReply.class, actors.exchange()).getAccessToken();
        assertThat(code(createWorkspace(acting))).isEqualTo("ok");

        assertThat(code(process.call(
                        "SignOut",
                        SignOutRequest.newBuilder().setToken(actors.userToken()).build(),
                        nobody())))
                .isEqualTo("ok");
        assertThat(code(createWorkspace(acting))).isEqualTo("auth.session-over");
        assertThat(code(createWorkspace(actors.agentToken()))).isEqualTo("ok");
        assertThat(code(actors.exchange())).isEqualTo("identity.actor-token");
    }

    @Test
    void allSessionsOfAUserThatEndEndWhatActsForIt() {
        Actors actors = actors("workspace:create");
        String acting = reply(ExchangeTokenReply.class, actors.exchange()).getAccessToken();
        String again = exchanged(claims("ada").put("groups", ADMINISTRATORS)).getAccessToken();
        assertThat(code(process.call(
                        "EndMySessions",
                        EndMySessionsRequest.newBuilder().setAll(true).build(),
                        bearer(again))))
                .isEqualTo("ok");
        assertThat(code(createWorkspace(acting))).isEqualTo("auth.session-over");

        // Signed in anew, and let in anew, it acts again.
        String back = exchanged(claims("ada").put("groups", ADMINISTRATORS)).getAccessToken();
        String anew = reply(ExchangeTokenReply.class, exchangeFor(back, actors.agentToken()))
                .getAccessToken();
        assertThat(code(createWorkspace(anew))).isEqualTo("ok");
    }

    @Test
    void nobodyActsForSomebodyWhoActsOrWhoIsNoUser() {
        Actors actors = actors("workspace:create", "delegation:create");
        String acting = reply(ExchangeTokenReply.class, actors.exchange()).getAccessToken();
        assertThat(code(exchangeFor(acting, actors.agentToken()))).isEqualTo("identity.actor-chain");
        assertThat(code(exchangeFor(actors.userToken(), acting))).isEqualTo("identity.actor-chain");
        assertThat(code(exchangeFor(actors.agentToken(), actors.agentToken()))).isEqualTo("identity.actor-token");
        assertThat(code(exchangeFor(actors.userToken(), admin))).isEqualTo("identity.actor-token");
        assertThat(code(exchangeFor(actors.userToken(), owner))).isEqualTo("identity.actor-token");
        // And an agent lets nobody in.
        assertThat(code(allow(acting, actors.agent(), List.of("workspace:create"))))
                .isEqualTo("identity.delegation-own");
    }

    /** A user that came from the issuer, and a service that did, both of them administrators for now. */
    private record Actors(
            FederationTest test, String user, String userToken, String agent, String agentToken, String delegation) {
        CallResult exchange() {
            return test.exchangeFor(userToken, agentToken);
        }
    }

    private Actors actors(String... capabilities) {
        trust(issuer.terms().addGroupRoles(role(ADMINISTRATORS, "administrator")));
        var user = exchanged(claims("ada").put("groups", ADMINISTRATORS));
        trust(
                ROBOTS,
                issuer.terms().setCreates(PrincipalType.SERVICE).addGroupRoles(role(ADMINISTRATORS, "administrator")));
        var agent = exchanged(robot().put("groups", ADMINISTRATORS));
        String delegation = reply(
                        AllowAgentReply.class,
                        allow(user.getAccessToken(), agent.getPrincipalId(), List.of(capabilities)))
                .getDelegationId();
        return new Actors(
                this,
                user.getPrincipalId(),
                user.getAccessToken(),
                agent.getPrincipalId(),
                agent.getAccessToken(),
                delegation);
    }

    private CallResult allow(String token, String agent, List<String> capabilities) {
        return process.federation(
                "AllowAgent",
                AllowAgentRequest.newBuilder()
                        .setAgentId(agent)
                        .addAllCapabilities(capabilities)
                        .setUntilMillis(Instant.now().plusSeconds(3_600).toEpochMilli())
                        .build(),
                bearer(token));
    }

    CallResult exchangeFor(String userToken, String agentToken) {
        return exchangeFor(userToken, agentToken, nobody());
    }

    private CallResult exchangeFor(String userToken, String agentToken, Caller caller) {
        return process.federation(
                "ExchangeToken",
                ExchangeTokenRequest.newBuilder()
                        .setSubjectToken(userToken)
                        .setSubjectTokenType(TokenExchange.ACCESS_TOKEN)
                        .setAgentToken(agentToken)
                        .setAgentTokenType(TokenExchange.ACCESS_TOKEN)
                        .build(),
                caller);
    }

    private CreateOrganisationReply organisation() {
        var made = reply(
                CreateOrganisationReply.class,
                process.call(
                        "CreateOrganisation",
                        CreateOrganisationRequest.newBuilder()
                                .setName("Acme")
                                .setAdministratorName("Ada")
                                .setAdministratorKey(administrator.publicKey())
                                .build(),
                        bearer(owner)));
        Installation.await(() -> installation.founded(made.getOrganisationId()).isClaimed());
        return made;
    }

    private String token(Client client, String clientId) {
        return reply(IssueTokenReply.class, process.call("IssueToken", asking(client.assertion(clientId)), nobody()))
                .getAccessToken();
    }

    private String trust(IssuerTerms.Builder terms) {
        return trust(URL, terms);
    }

    private String trust(String url, IssuerTerms.Builder terms) {
        return reply(
                        TrustIssuerReply.class,
                        process.federation(
                                "TrustIssuer",
                                TrustIssuerRequest.newBuilder()
                                        .setIssuer(url)
                                        .setTerms(terms)
                                        .build(),
                                bearer(admin)))
                .getIssuerId();
    }

    private static GroupRole role(String group, String role) {
        return GroupRole.newBuilder().setGroup(group).setRole(role).build();
    }

    private ExchangeTokenReply exchanged(JsonObject claims) {
        return reply(ExchangeTokenReply.class, exchange(issuer.token(claims)));
    }

    private CallResult exchange(String token) {
        return exchange(token, acme.getOrganisationId());
    }

    private CallResult exchange(String token, String organisation) {
        return process.federation(
                "ExchangeToken",
                ExchangeTokenRequest.newBuilder()
                        .setSubjectToken(token)
                        .setSubjectTokenType("urn:ietf:params:oauth:token-type:jwt")
                        .setAudience(organisation)
                        .build(),
                nobody());
    }

    private CallResult createWorkspace(String token) {
        return process.call(
                "CreateWorkspace",
                CreateWorkspaceRequest.newBuilder().setName("Payments").build(),
                bearer(token));
    }

    private CallResult createPrincipal(String token) {
        return process.call(
                "CreatePrincipal",
                CreatePrincipalRequest.newBuilder()
                        .setType(PrincipalType.USER)
                        .setDisplayName("Ben")
                        .setPublicKey(new Client().publicKey())
                        .build(),
                bearer(token));
    }

    private Account account(String id) {
        return installation
                .streams()
                .load(acme.getOrganisationId(), AuthorityStreams.principal(id), Account.FOLD)
                .state();
    }

    private String opened(Optional<SealedValue> value) {
        return value.map(kept -> installation.opened(acme.getOrganisationId(), kept))
                .orElse("");
    }

    private static String subject(String token) {
        return Jwt.read(token).orElseThrow().claim("sub").orElseThrow();
    }

    private PrincipalState stateOf(String token) {
        return installation
                .streams()
                .load(acme.getOrganisationId(), AuthorityStreams.principal(subject(token)), PrincipalState.FOLD)
                .state();
    }
}
