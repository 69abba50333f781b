package dev.chancery.quickstart.authzen;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.chancery.database.DatabaseRole;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.TestIssuer;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.identity.v1.AllowAgentRequest;
import dev.chancery.schema.identity.v1.ClaimCondition;
import dev.chancery.schema.identity.v1.GroupRole;
import dev.chancery.schema.identity.v1.IssuerTerms;
import dev.chancery.schema.identity.v1.ListAgentsRequest;
import dev.chancery.schema.identity.v1.ListIssuersRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.TrustIssuerRequest;
import dev.chancery.schema.identity.v1.WithdrawAgentRequest;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Sign-in by the token of a trusted issuer, and agents that act for a user: at the OAuth endpoint of the packaged process. */
@Order(28)
class FederationIT {
    private static final String GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
    private static final String TYPE = "urn:ietf:params:oauth:token-type:";

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);
    private final TestIssuer issuer = TestIssuer.create();
    private Client administrator = shared.owner;
    private int defined;

    @BeforeEach
    void anOrganisation() {
        administrator = calls.organisation();
        calls.done(
                administrator,
                DefineRoleRequest.newBuilder().setRole("releaser").addCapabilities("capability:define"));
    }

    /** As GitHub Actions and its like say what a job is. */
    @Test
    void aCiJobSignsInWithItsOwnTokenAndHoldsWhatItsEnvironmentMapsTo() {
        trust(issuer.terms().toBuilder()
                .addConditions(ClaimCondition.newBuilder()
                        .setClaim("ref")
                        .setPrefix(true)
                        .addValues("refs/tags/"))
                .setSubjectClaim("repository")
                .setGroupsClaim("environment")
                .addGroupRoles(GroupRole.newBuilder().setGroup("production").setRole("releaser")));
        JsonObject job = issuer.claims("repo:acme/app:environment:production")
                .put("repository", "acme/app")
                .put("ref", "refs/tags/v1")
                .put("environment", "production");
        String token = issuer.token(job);

        Reply issued = exchange(token);

        assertThat(issued.status()).isEqualTo(200);
        assertThat(issued.json().getString("issued_token_type")).isEqualTo(TYPE + "access_token");
        assertThat(issued.json().getString("token_type")).isEqualTo("Bearer");
        assertThat(issued.json().getInteger("expires_in")).isBetween(1, 300);
        assertThat(use(accessToken(issued)).succeeded()).isTrue();

        assertThat(error(exchange(token))).isEqualTo("400 invalid_request");
        assertThat(error(exchange(
                        issuer.token(issuer.claims("x").mergeIn(job.copy().put("ref", "refs/heads/main"))))))
                .isEqualTo("400 invalid_request");
        JsonObject elsewhere = issuer.claims("y").put("repository", "acme/app").put("ref", "refs/tags/v1");
        assertThat(use(accessToken(exchange(issuer.token(elsewhere)))).code()).isEqualTo("auth.forbidden");
    }

    /** As Kubernetes says what a pod is. */
    @Test
    void aPodSignsInWithItsProjectedToken() {
        trust(IssuerTerms.newBuilder()
                .addAudiences(TestIssuer.AUDIENCE)
                .setJwks(issuer.jwks())
                .addConditions(ClaimCondition.newBuilder()
                        .setClaim("/kubernetes.io/namespace")
                        .addValues("payments"))
                .setCreates(PrincipalType.SERVICE));
        JsonObject pod = issuer.claims("system:serviceaccount:payments:deployer")
                .put("aud", new JsonArray().add(TestIssuer.AUDIENCE))
                .put("kubernetes.io", new JsonObject().put("namespace", "payments"));
        assertThat(exchange(issuer.token(pod)).status()).isEqualTo(200);
        JsonObject other = issuer.claims("system:serviceaccount:default:deployer")
                .put("kubernetes.io", new JsonObject().put("namespace", "default"));
        assertThat(error(exchange(issuer.token(other)))).isEqualTo("400 invalid_request");
    }

    @Test
    void whatIsNoExchangeIsRefusedAsOAuthSays() {
        trust(issuer.terms().toBuilder());
        String token = issuer.token(issuer.claims("z").put("repository", "acme/app"));
        Map<String, String> form = form(token);
        assertThat(error(post(with(form, "resource", "https://api.example.org"))))
                .isEqualTo("400 invalid_target");
        assertThat(error(post(with(form, "scope", "all")))).isEqualTo("400 invalid_scope");
        assertThat(error(post(with(form, "requested_token_type", TYPE + "refresh_token"))))
                .isEqualTo("400 invalid_request");
        assertThat(error(post(with(form, "subject_token_type", TYPE + "saml2"))))
                .isEqualTo("400 invalid_request");
        assertThat(error(post(with(form, "tenant", shared.b.tenant())))).isEqualTo("400 invalid_request");
        assertThat(error(post(with(form, "audience", shared.b.tenant())))).isEqualTo("400 invalid_request");
        assertThat(error(post(with(form, "grant_type", "password")))).isEqualTo("400 unsupported_grant_type");
        assertThat(exchange(token).status()).isEqualTo(200);
        assertThat(shared.wire
                        .http("GET", "/.well-known/oauth-authorization-server", Map.of(), new byte[0])
                        .json()
                        .getJsonArray("grant_types_supported"))
                .contains(GRANT);
        assertThat(post(administrator.token(), "ListIssuers", ListIssuersRequest.getDefaultInstance())
                        .json()
                        .getJsonArray("issuers"))
                .hasSize(1);
    }

    @Test
    void anAgentActsForAUserAndTheLogNamesBoth() {
        Client agent = calls.somebody(administrator, "capability:define");
        Reply allowed = post(
                administrator.token(),
                "AllowAgent",
                AllowAgentRequest.newBuilder()
                        .setAgentId(OrganisationCalls.id(agent))
                        .addCapabilities("capability:define")
                        .setUntilMillis(Instant.now().plusSeconds(60).toEpochMilli())
                        .build());
        assertThat(allowed.succeeded()).as("%s", allowed).isTrue();
        Map<String, String> form = form(administrator.token());
        form.put("subject_token_type", TYPE + "access_token");
        form.put("actor_token", agent.token());
        form.put("actor_token_type", TYPE + "access_token");
        Reply issued = post(form);
        assertThat(issued.status()).as("%s", issued).isEqualTo(200);
        assertThat(issued.json().getInteger("expires_in")).isLessThanOrEqualTo(60);

        Reply used = use(accessToken(issued));

        assertThat(used.succeeded()).isTrue();
        Statement statement = statement(used.position());
        assertThat(statement.getActor().getType()).isEqualTo(ActorType.ACTOR_TYPE_AGENT);
        assertThat(statement.getActor().getId()).isEqualTo(OrganisationCalls.id(agent));
        assertThat(statement.getActingFor().getId()).isEqualTo(OrganisationCalls.id(administrator));
        assertThat(post(administrator.token(), "ListAgents", ListAgentsRequest.getDefaultInstance())
                        .json()
                        .getJsonArray("delegations"))
                .hasSize(1);

        // Both may define capabilities, and the agent has a token; what it was allowed is gone.
        String delegation = allowed.json().getString("delegationId");
        post(
                administrator.token(),
                "WithdrawAgent",
                WithdrawAgentRequest.newBuilder().setDelegationId(delegation).build());
        assertThat(use(accessToken(issued)).code()).isEqualTo("auth.forbidden");
        assertThat(use(agent.token()).succeeded()).isTrue();
        assertThat(error(post(form))).isEqualTo("400 invalid_request");
    }

    private void trust(IssuerTerms.Builder terms) {
        Reply trusted = post(
                administrator.token(),
                "TrustIssuer",
                TrustIssuerRequest.newBuilder()
                        .setIssuer(issuer.url())
                        .setTerms(terms)
                        .build());
        assertThat(trusted.succeeded()).as("%s", trusted).isTrue();
    }

    private Reply post(String token, String method, Message request) {
        return shared.wire.rest(
                shared.method("chancery.identity.v1.FederationService/" + method),
                request,
                Map.of("Authorization", "Bearer " + token));
    }

    /** Something that only a releaser, or an administrator, may. */
    private Reply use(String token) {
        return shared.wire.rest(
                shared.method("chancery.access.v1.AccessService/DefineCapability"),
                DefineCapabilityRequest.newBuilder()
                        .setCapability("release:used-" + ++defined)
                        .build(),
                Map.of("Authorization", "Bearer " + token));
    }

    private Map<String, String> form(String subjectToken) {
        Map<String, String> form = new TreeMap<>();
        form.put("grant_type", GRANT);
        form.put("subject_token", subjectToken);
        form.put("subject_token_type", TYPE + "jwt");
        form.put("audience", administrator.tenant());
        return form;
    }

    private static Map<String, String> with(Map<String, String> form, String name, String value) {
        Map<String, String> more = new TreeMap<>(form);
        more.put(name, value);
        return more;
    }

    private Reply exchange(String token) {
        return post(form(SharedInstance.secret(token)));
    }

    private Reply post(Map<String, String> form) {
        String body = form.entrySet().stream()
                .map(field -> field.getKey() + "=" + RawClient.encode(field.getValue()))
                .collect(Collectors.joining("&"));
        return shared.wire.http(
                "POST",
                "/oauth/token",
                Map.of("Content-Type", "application/x-www-form-urlencoded"),
                body.getBytes(UTF_8));
    }

    private static String accessToken(Reply issued) {
        return SharedInstance.secret(issued.json().getString("access_token"));
    }

    private static String error(Reply refused) {
        return refused.status() + " " + refused.json().getString("error");
    }

    private Statement statement(String position) {
        String[] parts = position.split("@");
        return shared.inside.database().transaction(DatabaseRole.RELAY, connection -> {
            try (var query =
                    connection.prepareStatement("SELECT record FROM log.record WHERE tenant = ? AND position = ?")) {
                query.setString(1, parts[0]);
                query.setLong(2, Long.parseLong(parts[1]));
                try (var rows = query.executeQuery()) {
                    rows.next();
                    byte[] entry = Record.parseFrom(rows.getBytes(1)).getEntry().toByteArray();
                    int length = EntryFrame.of(entry).statementBytes();
                    return Statement.parseFrom(ByteString.copyFrom(entry, 1, length));
                } catch (InvalidProtocolBufferException e) {
                    throw new AssertionError(e);
                }
            }
        });
    }
}
