package dev.chancery.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.ExtensionRegistry;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.options.v1.Options;
import dev.chancery.schema.options.v1.RateClass;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ContractTest {
    private final Contract contract = Contract.load();

    @Test
    void aMethodCarriesAllThatItsRpcDeclares() {
        ContractMethod assign =
                contract.method("chancery.access.v1.AccessService/AssignRole").orElseThrow();

        assertThat(assign.service()).isEqualTo("chancery.access.v1.AccessService");
        assertThat(assign.name()).isEqualTo("AssignRole");
        assertThat(assign.feature()).isEqualTo("access");
        assertThat(assign.capability()).isEqualTo("assignment:create");
        assertThat(assign.widenedBy()).containsExactly("role:delegate");
        assertThat(assign.auditAction()).isEqualTo("access.role.assign");
        assertThat(assign.privileged()).isTrue();
        assertThat(assign.writes()).isTrue();
        assertThat(assign.isPublic()).isFalse();
        assertThat(assign.instanceOnly()).isFalse();
        assertThat(assign.stepUpSeconds()).isZero();
        assertThat(assign.rateClass()).isEqualTo(RateClass.RATE_CLASS_COMMAND);
        assertThat(assign.httpMethod()).isEqualTo("POST");
        assertThat(assign.pathTemplate().text()).isEqualTo("/access/v1/assignments");
        assertThat(assign.requestPrototype()).isSameAs(AssignRoleRequest.getDefaultInstance());
        assertThat(assign.replyIsConfidential()).isFalse();
    }

    @Test
    void publicMethodsComeFirstThenAllByName() {
        assertThat(contract.methods())
                .isSortedAccordingTo(Comparator.comparing((ContractMethod m) -> !m.isPublic())
                        .thenComparing(ContractMethod::fullName));
        assertThat(contract.methods().stream().filter(ContractMethod::isPublic).map(ContractMethod::name))
                .containsExactly("ExchangeToken", "ClaimOwner", "IssueToken", "RefreshToken", "SignOut");
    }

    @Test
    void onlyCommandsThatAnswerTokensSecretsOrPersonalTextHaveNoKeptReply() {
        assertThat(contract.methods().stream()
                        .filter(ContractMethod::writes)
                        .filter(ContractMethod::replyIsConfidential)
                        .map(ContractMethod::name))
                .containsExactly(
                        "ExchangeToken",
                        "IssueToken",
                        "RefreshToken",
                        "ExportData",
                        "RefuseRequest",
                        "RegisterHolder",
                        "FindRecords",
                        "IssueLease",
                        "ReadSecret");
    }

    @Test
    void anInstallationMayHideWhereCallsAndSignInsCameFrom() {
        assertThat(contract.hideable())
                .containsExactlyInAnyOrder(
                        "chancery.log.v1.Statement.client",
                        "chancery.log.v1.Statement.address",
                        "chancery.identity.v1.SessionOpened.client",
                        "chancery.identity.v1.SessionOpened.address");
    }

    @Test
    void checksAndListsWriteNothing() {
        assertThat(contract.methods().stream()
                        .filter(method -> !method.writes())
                        .map(ContractMethod::name))
                .containsExactlyInAnyOrder(
                        "Check",
                        "CheckAll",
                        "DescribeModel",
                        "Evaluate",
                        "GetEgressPolicy",
                        "ListOverrides",
                        "ListAgents",
                        "CheckConsent",
                        "GetConsentReceipt",
                        "ListConsentHistory",
                        "ListConsents",
                        "GetCompletionProof",
                        "GetRequest",
                        "ListHolders",
                        "ListRequests",
                        "ListPurposes",
                        "FollowAuthority",
                        "ListAssignments",
                        "ListCapabilities",
                        "ListElevationPolicies",
                        "ListMySessions",
                        "ListSessions",
                        "ListSigningKeys",
                        "ListTokenKeys",
                        "ListElevations",
                        "ListGroupMembers",
                        "ListGroups",
                        "ListDatabases",
                        "ListEnvironments",
                        "ListInventory",
                        "ListLeases",
                        "ListOrganisationKeys",
                        "ListSealerKeys",
                        "ListSecretLeaks",
                        "ListSecrets",
                        "ListIssuers",
                        "ListOrganisations",
                        "ListPrincipals",
                        "ListRoles",
                        "ListWorkspaces",
                        "GetErasureCertificate",
                        "ListErasures",
                        "ListHolds",
                        "ListSchedules",
                        "PreviewRetirement",
                        "GetCheckpoint",
                        "GetConsistencyProof",
                        "GetDecisionProof",
                        "GetInclusionProof",
                        "ListNotices",
                        "ReadMetrics",
                        "SearchActions",
                        "SearchResources",
                        "SearchSubjects");
    }

    @Test
    void anOrganisationGetsNoCapabilityThatOnlyTheInstanceAsksFor() {
        List<String> instance = contract.capabilities(true);
        List<String> organisation = contract.capabilities(false);

        assertThat(organisation).contains("assignment:create", "role:delegate");
        assertThat(instance).contains("organisation:create").isSorted().doesNotHaveDuplicates();
        assertThat(organisation).isSorted().doesNotHaveDuplicates();
        assertThat(instance).containsAll(organisation);
        assertThat(instance.stream().filter(capability -> !organisation.contains(capability)))
                .containsExactly(
                        "observability:read",
                        "organisation:create",
                        "organisation:read",
                        "sealer-key:list",
                        "sealer-key:turn",
                        "signing-key:read",
                        "signing-key:rotate",
                        "signing-key:withdraw",
                        "token-key:read",
                        "token-key:rotate",
                        "token-key:withdraw");
    }

    @Test
    void everyCapabilityOfTheContractIsDescribed() {
        assertThat(contract.capabilities(true)).allSatisfy(capability -> assertThat(
                        contract.described(capability).description())
                .as(capability)
                .isNotEmpty());
        assertThat(contract.described("ledger:export").stepUpSeconds()).isPositive();
    }

    @Test
    void anEventIsFoundByItsTypesFullName() {
        assertThat(contract.events().get("chancery.access.v1.RoleAssigned"))
                .isEqualTo(
                        new EventType("chancery.access.v1.RoleAssigned", "access", RoleAssigned.getDefaultInstance()));
    }

    @Test
    void theBytesDescribeTheClassesOfThisBuild() throws Exception {
        var registry = ExtensionRegistry.newInstance();
        Options.registerAllExtensions(registry);
        var set = FileDescriptorSet.parseFrom(contract.bytes(), registry);

        List<FileDescriptorProto> own = set.getFileList().stream()
                .filter(file -> file.getName().startsWith("chancery/"))
                .map(ContractTest::withoutJsonNames)
                .toList();
        assertThat(own)
                .isEqualTo(contract.files().stream().map(file -> file.toProto()).toList());
        assertThat(set.getFile(0).getName()).isEqualTo("google/protobuf/descriptor.proto");
        assertThat(set.getFile(set.getFileCount() - 1).getName()).isEqualTo("chancery/contract.proto");
    }

    /** Generated classes leave out the names that follow from the fields' names. */
    private static FileDescriptorProto withoutJsonNames(FileDescriptorProto file) {
        var builder = file.toBuilder();
        builder.getMessageTypeBuilderList()
                .forEach(message -> message.getFieldBuilderList().forEach(field -> field.clearJsonName()));
        builder.getExtensionBuilderList().forEach(field -> field.clearJsonName());
        return builder.build();
    }

    @Test
    void theContractImportsEveryFileThereIs() throws Exception {
        Path sources = Path.of(System.getProperty("chancery.root"), "events-schema/src/main/protobuf");
        try (Stream<Path> files = Files.walk(sources)) {
            assertThat(files.filter(Files::isRegularFile)
                            .map(file -> sources.relativize(file).toString()))
                    .containsExactlyInAnyOrderElementsOf(contract.files().stream()
                            .map(file -> file.getName())
                            .toList());
        }
    }

    @Test
    void theHashIsThatOfTheBytesAndCallersCantChangeThem() throws Exception {
        contract.bytes()[0]++;
        contract.sha256()[0]++;

        assertThat(contract.sha256())
                .isEqualTo(MessageDigest.getInstance("SHA-256")
                        .digest(Contract.class
                                .getResourceAsStream(Contract.RESOURCE)
                                .readAllBytes()));
        assertThat(contract.bytes()).isEqualTo(Contract.load().bytes());
    }

    @Test
    void everyMethodHasAnExampleThatKeepsTheRules() throws Exception {
        var rules = FieldRules.of(contract);
        for (ContractMethod method : contract.methods()) {
            String json = Examples.fill(Examples.of(method), SAMPLE);
            var request = method.requestPrototype().newBuilderForType();
            JsonFormat.parser().merge(json, request);

            assertThat(rules.check(request.build())).as(method.fullName()).isEmpty();
        }
    }

    private static final String ID = "0199f2aa-0000-7000-8000-000000000001";
    static final Map<String, String> SAMPLE = Map.ofEntries(
            Map.entry("principal", ID),
            Map.entry("workspace", ID),
            Map.entry("role", "approver"),
            Map.entry("capability", "invoice:approve"),
            Map.entry("group", "clerks"),
            Map.entry("groupAssignment", ID),
            Map.entry("assignment", ID),
            Map.entry("publicKey", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
            Map.entry("claim", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_0"),
            Map.entry("assertion", "e30.e30.c2ln"),
            Map.entry("session", ID),
            Map.entry("tokenKey", "deadbeef"),
            Map.entry("signingKey", "ch-0123456789abcdef/dsar"),
            Map.entry("signingKeyId", "deadbeef"),
            Map.entry("refreshToken", "chr_instance." + ID + "." + ID + "." + "A".repeat(22) + "." + "B".repeat(43)),
            Map.entry("unique", "x7"),
            Map.entry("elevationRole", "repair"),
            Map.entry("requester", ID),
            Map.entry("requested", ID),
            Map.entry("elevated", ID),
            Map.entry("over", ID),
            Map.entry("override", ID),
            Map.entry("environment", "prod"),
            Map.entry("issuer", ID),
            Map.entry("issuerKey", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"),
            Map.entry("subjectToken", "e30.e30.c2ln"),
            Map.entry("organisation", ID),
            Map.entry("agent", ID),
            Map.entry("delegation", ID),
            Map.entry("inAnHour", "1798761600000"),
            Map.entry("purpose", "research"),
            Map.entry("consent", ID),
            Map.entry("guardian", ID),
            Map.entry("ward", ID),
            Map.entry("subjectRequest", ID),
            Map.entry("verifiedRequest", ID),
            Map.entry("completedRequest", ID),
            Map.entry("accessRequest", ID),
            Map.entry("exportRequest", ID),
            Map.entry("task", ID),
            Map.entry("holder", "crm"),
            Map.entry("heldSubject", ID),
            Map.entry("hold", ID),
            Map.entry("database", "prod/db/orders"),
            Map.entry("connector", "chat"),
            Map.entry("lease", ID),
            Map.entry("erased", ID));

    @Test
    void everyExampleFillsWithTheKnownPlaceholdersAlone() {
        assertThat(SAMPLE.keySet()).isEqualTo(Examples.PLACEHOLDERS);
        assertThatThrownBy(() -> Examples.fill("{\"a\": \"${nobody}\"}", SAMPLE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Examples.fill("{\"a\": \"${role}\"}", Map.of("role", "\", \"b\": \"")))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
