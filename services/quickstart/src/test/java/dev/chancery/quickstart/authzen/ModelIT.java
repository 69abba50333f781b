package dev.chancery.quickstart.authzen;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.Caller;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.model.ModelClient;
import dev.chancery.cli.model.ModelPlan;
import dev.chancery.cli.model.OrganisationModel;
import dev.chancery.cli.model.OrganisationModel.Assignment;
import dev.chancery.cli.model.OrganisationModel.Capability;
import dev.chancery.cli.model.OrganisationModel.Group;
import dev.chancery.cli.model.OrganisationModel.Role;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.access.v1.AddGroupMemberRequest;
import dev.chancery.schema.access.v1.AssignGroupRoleRequest;
import dev.chancery.schema.access.v1.ChangeModelRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineGroupRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.access.v1.RemoveGroupMemberRequest;
import dev.chancery.schema.access.v1.RetireCapabilityRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Groups, sensitive capabilities and whole models, against the packaged process. */
@Order(28)
class ModelIT {
    private static final boolean FULL = "full".equals(System.getProperty("chancery.rounds"));
    private static final int ASSIGNMENTS = FULL ? 10_000 : 600;
    private static final int CAPABILITIES = 300;
    private static final int PEOPLE = 20;

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);

    @Test
    void aGroupGivesWhatItHoldsFromOneRecordToAnother() {
        Client ada = calls.organisation();
        Client ben = calls.somebody(ada);
        calls.done(ada, DefineRoleRequest.newBuilder().setRole("definer").addCapabilities("capability:define"));
        calls.done(ada, DefineGroupRequest.newBuilder().setGroup("desk").setDescription("the modelling desk"));
        calls.done(ada, AssignGroupRoleRequest.newBuilder().setGroup("desk").setRole("definer"));
        assertThat(define(ben, "a:one")).isEqualTo("auth.forbidden");

        calls.done(ada, member(ben));
        assertThat(define(ben, "a:one")).isEmpty();

        // Nobody comes into a group by their own hand, nor gives to one that they are in.
        Client cid = calls.somebody(ada, "group:add-member", "assignment:create", "role:delegate");
        assertThat(calls.send(cid, member(cid)).code()).isEqualTo("access.self-grant");
        calls.done(ada, member(cid));
        assertThat(calls.send(
                                cid,
                                AssignGroupRoleRequest.newBuilder()
                                        .setGroup("desk")
                                        .setRole("definer"))
                        .code())
                .isEqualTo("access.self-grant");

        calls.done(
                ada, RemoveGroupMemberRequest.newBuilder().setGroup("desk").setPrincipalId(OrganisationCalls.id(ben)));
        assertThat(define(ben, "a:two")).isEqualTo("auth.forbidden");
    }

    @Test
    void aRefusalNamesWhatIsMissing() {
        Client ada = calls.organisation();
        Client ben = calls.somebody(ada);

        assertThat(calls.send(ben, DefineGroupRequest.newBuilder().setGroup("desk"))
                        .everything())
                .contains("group:define");
    }

    @Test
    void aCapabilityIsRetiredOnceNoRoleBundlesIt() {
        Client ada = calls.organisation();
        calls.done(ada, DefineCapabilityRequest.newBuilder().setCapability("a:one"));
        calls.done(ada, DefineRoleRequest.newBuilder().setRole("r").addCapabilities("a:one"));
        var retire = RetireCapabilityRequest.newBuilder().setCapability("a:one");
        assertThat(calls.send(ada, retire).code()).isEqualTo("access.capability-in-use");

        calls.done(ada, DefineRoleRequest.newBuilder().setRole("r").addCapabilities("role:read"));

        calls.done(ada, retire);
        calls.done(ada, retire);
    }

    @Test
    void severalChangesHappenTogetherOrNotAtAll() {
        Client ada = calls.organisation();
        var changes = ChangeModelRequest.newBuilder()
                .addDefineCapabilities(DefineCapabilityRequest.newBuilder().setCapability("a:one"))
                .addDefineRoles(DefineRoleRequest.newBuilder().setRole("r").addCapabilities("a:one"))
                .addDefineRoles(DefineRoleRequest.newBuilder().setRole("s").addCapabilities("a:two"));
        assertThat(calls.send(ada, changes).code()).isEqualTo("access.no-such-capability");
        assertThat(calls.send(ada, RetireCapabilityRequest.newBuilder().setCapability("a:one"))
                        .code())
                .isEqualTo("access.no-such-capability");

        calls.done(ada, changes.removeDefineRoles(1));

        Client ben = calls.somebody(ada, "model:change");
        assertThat(calls.send(
                                ben,
                                ChangeModelRequest.newBuilder()
                                        .addDefineGroups(
                                                DefineGroupRequest.newBuilder().setGroup("g")))
                        .code())
                .isEqualTo("access.change-forbidden");
    }

    @Test
    void aModelIsAppliedInSecondsAndReadBackAsItWasWritten() throws Exception {
        Instance instance = Instance.at(shared.instance.http());
        ClientKey key = ClientKey.generate("nobody");
        String clientId = calls.done(
                        shared.owner,
                        CreateOrganisationRequest.newBuilder()
                                .setName("Acme")
                                .setAdministratorName("Ada")
                                .setAdministratorKey(ByteString.copyFrom(key.publicKey())))
                .json()
                .getString("clientId");
        try (var rest = new RestTransport(instance);
                var grpc = new GrpcTransport(instance)) {
            var client = new ModelClient(
                    new Caller(grpc, new SignIn(rest, key.withClientId(clientId), Optional.empty()), ""));
            OrganisationModel wanted = model(people(rest, grpc, key.withClientId(clientId)));

            long begun = System.nanoTime();
            int changes = bring(client, wanted);
            System.out.printf(
                    "apply: capabilities=%d assignments=%d changes=%d seconds=%.1f%n",
                    CAPABILITIES, ASSIGNMENTS, changes, (System.nanoTime() - begun) / 1e9);

            ModelClient.Found found = client.read(System.currentTimeMillis());
            assertThat(found.model()).isEqualTo(wanted);
            assertThat(ModelPlan.of(found, wanted).isEmpty()).isTrue();

            // And away with all of it.
            var nothing = new OrganisationModel(Map.of(), Map.of(), Map.of(), Set.of());
            bring(client, nothing);
            assertThat(client.read(System.currentTimeMillis()).model()).isEqualTo(nothing);
        }
    }

    private List<String> people(RestTransport rest, GrpcTransport grpc, ClientKey administrator) throws Exception {
        var signIn = new SignIn(rest, administrator, Optional.empty());
        List<String> people = new ArrayList<>();
        for (int i = 0; i < PEOPLE; i++) {
            var request = CreatePrincipalRequest.newBuilder()
                    .setType(PrincipalType.AGENT)
                    .setDisplayName("somebody")
                    .setPublicKey(
                            ByteString.copyFrom(ClientKey.generate("nobody").publicKey()));
            var headers = Map.of(
                    "Authorization",
                    "Bearer " + signIn.token(),
                    "Idempotency-Key",
                    "person-" + i + "-" + System.nanoTime());
            var reply = (CreatePrincipalReply) grpc.call(
                            shared.method("chancery.identity.v1.IdentityService/CreatePrincipal"),
                            request.build(),
                            headers)
                    .message();
            people.add(reply.getPrincipalId());
        }
        return people;
    }

    private static int bring(ModelClient client, OrganisationModel wanted) throws Exception {
        ModelPlan plan = ModelPlan.of(client.read(System.currentTimeMillis()), wanted);
        for (ChangeModelRequest batch : plan.batches("as the test says")) {
            client.change(batch);
        }
        return plan.lines().size();
    }

    private static OrganisationModel model(List<String> people) {
        Map<String, Capability> capabilities = new HashMap<>();
        Map<String, Role> roles = new HashMap<>();
        Map<String, Group> groups = new HashMap<>();
        Set<Assignment> assignments = new HashSet<>();
        for (int i = 0; i < CAPABILITIES; i++) {
            capabilities.put(
                    "thing-" + i + ":use",
                    new Capability("use thing " + i, i % 3 * 60, i % 7 == 0, i % 11 == 0 ? "study" : ""));
            roles.put("user-" + i, new Role("uses things", Set.copyOf(List.of("thing-" + i + ":use", "thing-0:use"))));
        }
        for (int i = 0; i < 5; i++) {
            groups.put("group-" + i, new Group("", Set.copyOf(people.subList(i, i + 5))));
            assignments.add(new Assignment("", "group-" + i, "user-" + i, "", i == 0 ? 0 : 4_102_444_800_000L + i));
        }
        for (int i = 0; assignments.size() < ASSIGNMENTS; i++) {
            assignments.add(new Assignment(
                    people.get(i % people.size()),
                    "",
                    "user-" + i / people.size() % CAPABILITIES,
                    "",
                    4_102_444_800_000L + i));
        }
        return new OrganisationModel(capabilities, roles, groups, assignments);
    }

    private AddGroupMemberRequest.Builder member(Client who) {
        return AddGroupMemberRequest.newBuilder().setGroup("desk").setPrincipalId(OrganisationCalls.id(who));
    }

    /** The refusal's code; empty when it was done. */
    private String define(Client by, String capability) {
        Reply reply = calls.send(by, DefineCapabilityRequest.newBuilder().setCapability(capability));
        return reply.succeeded() ? "" : reply.code();
    }
}
