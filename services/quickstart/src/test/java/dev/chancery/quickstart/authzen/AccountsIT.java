package dev.chancery.quickstart.authzen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.identity.v1.ChangeEmailRequest;
import dev.chancery.schema.identity.v1.ChangeKeyRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.ListOrganisationsRequest;
import dev.chancery.schema.identity.v1.ListPrincipalsRequest;
import dev.chancery.schema.identity.v1.ListWorkspacesRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.ReactivatePrincipalRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** What becomes of principals after they were created, and the lists of who there is. */
@Order(27)
class AccountsIT {
    private final OrganisationCalls calls = new OrganisationCalls(SharedInstance.shared());
    private Client administrator = calls.shared.owner;

    @BeforeEach
    void anOrganisation() {
        administrator = calls.organisation();
    }

    private Reply create(String email, SigningKey key) {
        return calls.send(
                administrator,
                CreatePrincipalRequest.newBuilder()
                        .setType(PrincipalType.USER)
                        .setDisplayName("Zoë")
                        .setEmail(email)
                        .setPublicKey(OrganisationCalls.bytes(key)));
    }

    private String created(String email) {
        Reply reply = create(email, SigningKey.generate());
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json().getString("principalId");
    }

    @Test
    void anAddressIsOneHoweverItIsSpelt() {
        created("b@bücher.example");

        for (String same : List.of("b@xn--bcher-kva.example", "B@Bücher.EXAMPLE", "b@bücher.example.")) {
            assertThat(create(same, SigningKey.generate()).code()).as(same).isEqualTo("identity.email-taken");
        }
    }

    @Test
    void anAddressIsFreeWhenItsPrincipalEndsAndTakenAgainWhenTheyReturn() {
        String first = created("zoe@x.example");
        calls.done(administrator, DeactivatePrincipalRequest.newBuilder().setPrincipalId(first));
        String second = created("zoe@x.example");
        var back = ReactivatePrincipalRequest.newBuilder().setPrincipalId(first);

        assertThat(calls.send(administrator, back).code()).isEqualTo("identity.email-taken");
        calls.done(
                administrator,
                ChangeEmailRequest.newBuilder().setPrincipalId(first).setEmail("zoe2@x.example"));
        calls.done(administrator, back);
        calls.done(administrator, back);
        assertThat(create("zoe2@x.example", SigningKey.generate()).code()).isEqualTo("identity.email-taken");
        calls.done(administrator, ChangeEmailRequest.newBuilder().setPrincipalId(second));
        created("zoe@x.example");
    }

    @Test
    void whoIsBackSignsInAgain() {
        SigningKey key = SigningKey.generate();
        JsonObject made = create("", key).json();
        var id = made.getString("principalId");
        calls.done(administrator, DeactivatePrincipalRequest.newBuilder().setPrincipalId(id));
        calls.done(administrator, ReactivatePrincipalRequest.newBuilder().setPrincipalId(id));

        assertThat(calls.shared.signedIn(made.getString("clientId"), key).token())
                .isNotEmpty();
    }

    @Test
    void aKeyIsReplaced() {
        SigningKey old = SigningKey.generate();
        SigningKey fresh = SigningKey.generate();
        JsonObject made = create("", old).json();
        calls.done(
                administrator,
                ChangeKeyRequest.newBuilder()
                        .setPrincipalId(made.getString("principalId"))
                        .setPublicKey(OrganisationCalls.bytes(fresh)));

        assertThat(calls.shared.signedIn(made.getString("clientId"), fresh).token())
                .isNotEmpty();
        assertThat(calls.token(made.getString("clientId"), old).status()).isEqualTo(401);
    }

    @Test
    void nobodyActsAsSomebodyWhoHoldsMoreByTheirKeyOrAddress() {
        Client desk =
                calls.somebody(administrator, "principal:change-key", "principal:change-email", "principal:reactivate");
        String target = OrganisationCalls.id(administrator);

        assertThat(calls.send(
                                desk,
                                ChangeKeyRequest.newBuilder()
                                        .setPrincipalId(target)
                                        .setPublicKey(OrganisationCalls.bytes(SigningKey.generate())))
                        .code())
                .isEqualTo("identity.holds-more");
        assertThat(calls.send(
                                desk,
                                ChangeEmailRequest.newBuilder()
                                        .setPrincipalId(target)
                                        .setEmail("mine@x.example"))
                        .code())
                .isEqualTo("identity.holds-more");
        calls.done(
                desk,
                ChangeEmailRequest.newBuilder()
                        .setPrincipalId(OrganisationCalls.id(desk))
                        .setEmail("desk@x.example"));
    }

    @Test
    void namesAreNoBlanksAndTurnNoText() {
        for (String name : List.of(" ", "\u00a0", "\u202eadA", "Ada\u202e", "A\u2028", "\ufeff", "\u200b", "A\u0007")) {
            assertThat(calls.send(
                                    administrator,
                                    CreateWorkspaceRequest.newBuilder().setName(name))
                            .code())
                    .as("%s", (Object) name.codePoints().toArray())
                    .isEqualTo("request.invalid-field");
        }
        calls.done(administrator, CreateWorkspaceRequest.newBuilder().setName("Ada 👩‍🚀 می‌خواهم"));
    }

    @Test
    void everybodyIsListedWithTheirNamesPageByPage() {
        List<String> expected = new ArrayList<>(List.of(OrganisationCalls.id(administrator)));
        for (int i = 0; i < 4; i++) {
            expected.add(created("p" + i + "@x.example"));
        }
        calls.done(administrator, DeactivatePrincipalRequest.newBuilder().setPrincipalId(expected.getLast()));
        List<JsonObject> listed = new ArrayList<>();
        var request = ListPrincipalsRequest.newBuilder().setPageSize(2);
        String next;
        do {
            JsonObject page = calls.done(administrator, request).json();
            JsonArray principals = page.getJsonArray("principals");
            assertThat(principals.size()).isLessThanOrEqualTo(2);
            principals.forEach(one -> listed.add((JsonObject) one));
            next = page.getString("nextPage", "");
            request.setPage(next);
        } while (!next.isEmpty());

        assertThat(listed)
                .extracting(one -> one.getString("principalId"))
                .isSubsetOf(expected)
                .hasSize(5);
        JsonObject last = listed.stream()
                .filter(one -> one.getString("principalId").equals(expected.getLast()))
                .findFirst()
                .orElseThrow();
        assertThat(last.getString("displayName")).isEqualTo("Zoë");
        assertThat(last.getString("email")).isEqualTo("p3@x.example");
        assertThat(last.getBoolean("active", false)).isFalse();
        assertThat(calls.send(administrator, ListPrincipalsRequest.newBuilder().setPageSize(201))
                        .code())
                .isEqualTo("identity.page-size");
    }

    @Test
    void workspacesAndOrganisationsAreListedByWhoMay() {
        calls.done(administrator, CreateWorkspaceRequest.newBuilder().setName("Harbour"));

        assertThat(calls.done(administrator, ListWorkspacesRequest.newBuilder())
                        .json()
                        .getJsonArray("workspaces")
                        .getJsonObject(0)
                        .getString("name"))
                .isEqualTo("Harbour");
        assertThat(calls.send(administrator, ListOrganisationsRequest.newBuilder())
                        .code())
                .isEqualTo("auth.forbidden");
        assertThat(calls.done(
                                calls.shared.owner,
                                ListOrganisationsRequest.newBuilder().setPageSize(200))
                        .text())
                .contains(administrator.tenant())
                .contains("\"Acme\"");
        Client nobody = calls.somebody(administrator);
        assertThat(calls.send(nobody, ListPrincipalsRequest.newBuilder()).code())
                .isEqualTo("auth.forbidden");
        assertThat(calls.send(nobody, ListWorkspacesRequest.newBuilder()).code())
                .isEqualTo("auth.forbidden");
    }
}
