package dev.chancery.quickstart.newcomer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.KeyFile;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.quickstart.newcomer.Program.Ended;
import dev.chancery.schema.access.v1.AssignRoleRequest;
import dev.chancery.schema.access.v1.DefineCapabilityRequest;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.consent.v1.DefinePurposeRequest;
import dev.chancery.schema.consent.v1.LegalBasis;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs of {@code examples/}, which the usual libraries make: each does what its README says, against the packaged process. */
class ClientExamplesIT {
    private static final Path EXAMPLES = Path.of("..", "..", "examples");

    private final SharedInstance shared = SharedInstance.shared();
    private final OrganisationCalls calls = new OrganisationCalls(shared);

    @TempDir
    private Path directory;

    private Client administrator;
    private String ben = "";

    @BeforeEach
    void anOrganisationWithBenWhoApprovesInvoices() {
        administrator = calls.organisation();
        calls.done(administrator, DefineCapabilityRequest.newBuilder().setCapability("invoice:approve"));
        ben = calls.done(
                        administrator,
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.USER)
                                .setDisplayName("Ben")
                                .setExternalName("ben")
                                .setPublicKey(bytes(SigningKey.generate().publicKey())))
                .json()
                .getString("principalId");
        grant("bookkeeper", "invoice:approve", ben);
    }

    @Test
    void theOneInJava() throws Exception {
        Program program =
                new Program(directory, EXAMPLES.resolve("client-java"), Program.java(), "-jar", "target/client.jar");
        Path key = directory.resolve("client.jwk");
        String publicKey = program.run("key", key.toString()).out().strip();
        String clientId = service(publicKey);
        checks(program, List.of("check", localhost(), clientId, key.toString()));

        Path another = directory.resolve("another.jwk");
        program.run("key", another.toString());
        refused(program.run("check", localhost(), clientId, another.toString(), "ben", "1", "invoice:approve"));
        follows(program, "follow");
        subscribes(program);
        parks(program);
    }

    @Test
    void theOneInNode() throws Exception {
        Path place = EXAMPLES.resolve("client-node");
        assumeTrue(Program.exists("node") && Program.exists("npm"), "Skipped: there is no node or npm on the path.");
        Ended installed = new Program(directory, place, "npm", "ci", "--no-audit", "--no-fund").run();
        assumeTrue(installed.exitCode() == 0, () -> "Skipped: npm could not fetch the packages: " + installed.err());

        ClientKey made = ClientKey.generate("none");
        String clientId = service(Base64.getEncoder().encodeToString(made.publicKey()));
        Path key = directory.resolve("client.jwk");
        KeyFile.create(key, made.withClientId(clientId));
        Program program = new Program(directory, place, "node");
        checks(program, List.of("check.js", localhost(), key.toString()));

        Path another = directory.resolve("another.jwk");
        KeyFile.create(another, ClientKey.generate(clientId));
        refused(program.run("check.js", localhost(), another.toString(), "ben", "1", "invoice:approve"));
        follows(program, "follow.js");
    }

    /** By the name that people type, not the one that the instance has configured. */
    private String localhost() {
        return shared.instance.http().replace("127.0.0.1", "localhost");
    }

    private static void checks(Program program, List<String> words) throws Exception {
        Ended granted = program.run(words, "ben", "inv-2041", "invoice:approve");
        assertThat(granted.exitCode()).as("%s", granted).isZero();
        assertThat(granted.out().replace(" ", ""))
                .containsPattern("decision\"?[:=]true")
                .contains("bookkeeper");
        Ended denied = program.run(words, "ben", "inv-2041", "invoice:pay");
        assertThat(denied.exitCode()).as("%s", denied).isZero();
        assertThat(denied.out().replace(" ", ""))
                .containsPattern("decision\"?[:=]false")
                .contains("no-grant");
    }

    /** What the library makes of the refusal names OAuth's own error. */
    private static void refused(Ended ended) {
        assertThat(ended.exitCode()).as("%s", ended).isEqualTo(1);
        assertThat(ended.err()).startsWith("invalid_client: ").contains("client assertion");
    }

    private void follows(Program program, String command) throws Exception {
        Path client = shared.instance.data().resolve("kafka-client.properties");
        Path position = directory.resolve("position");
        String[] words = {command, client.toString(), administrator.tenant(), position.toString()};
        try (var first = program.start(words)) {
            first.awaitLine(".* chancery\\.access\\.v1\\.RoleAssigned access/assignments/.*");
            assertThat(first.lines().getFirst()).startsWith("0 chancery.identity.v1.OrganisationFounded ");
            first.awaitLine(".* chancery\\.access\\.v1\\.RoleDefined .*");
        }
        long applied = Long.parseLong(Files.readString(position).strip());
        assertThat(applied).isPositive();

        // In another group it is sent everything again: those that it has are doubles.
        Path again = Files.writeString(
                directory.resolve("again.properties"),
                Files.readString(client) + "group.id=again-" + applied + command);
        try (var second = program.start(command, again.toString(), administrator.tenant(), position.toString())) {
            grant("treasurer", "invoice:approve", ben);
            second.awaitLine(".* chancery\\.access\\.v1\\.RoleAssigned .*");
            assertThat(second.lines())
                    .allSatisfy(line -> assertThat(Long.parseLong(line.substring(0, line.indexOf(' '))))
                            .isGreaterThanOrEqualTo(applied));
        }

        // Without what it remembered, but with Kafka's offset: what comes next is ahead of what it lacks.
        Files.delete(position);
        try (var third = program.start(command, again.toString(), administrator.tenant(), position.toString())) {
            grant("controller", "invoice:approve", ben);
            third.awaitLine("gap: \\d+ came ahead of 0, .*");
            assertThat(position).doesNotExist();
        }
    }

    private void subscribes(Program program) throws Exception {
        Path client = shared.instance.data().resolve("kafka-client.properties");
        Path parked = directory.resolve("client.parked");
        try (var subscriber = program.start(
                "subscribe", client.toString(), "access.events.v1", administrator.tenant(), parked.toString())) {
            subscriber.awaitLine("\\d+\\.0 chancery\\.access\\.v1\\.RoleAssigned access/assignments/.*");
            grant("auditor", "invoice:approve", ben);
            subscriber.awaitLine(".* chancery\\.access\\.v1\\.RoleAssigned access/assignments/" + ben);
            assertThat(subscriber.lines()).doesNotHaveDuplicates().allSatisfy(line -> assertThat(line)
                    .contains(" chancery.access.v1."));
        }
        assertThat(parked).doesNotExist();
    }

    /** The program was built without the protos of consent; an event that it knows is replayed and gone. */
    private void parks(Program program) throws Exception {
        Path client = shared.instance.data().resolve("kafka-client.properties");
        Path parked = directory.resolve("consent.parked");
        calls.done(
                administrator,
                DefinePurposeRequest.newBuilder()
                        .setPurpose("research")
                        .setDescription("Find out which treatments work.")
                        .setLegalBasis(LegalBasis.LEGAL_BASIS_EXPLICIT_CONSENT)
                        .addScopes("record:read")
                        .setMaxDays(365));
        String unknown = "\\d+\\.0 chancery\\.consent\\.v1\\.PurposeDefined";
        try (var subscriber = program.start(
                "subscribe", client.toString(), "consent.events.v1", administrator.tenant(), parked.toString())) {
            subscriber.awaitLine("parked " + unknown);
        }
        Files.writeString(
                parked,
                line("9.0", "chancery.access.v1.RoleAssigned", "access/assignments/x"),
                StandardOpenOption.APPEND);

        assertThat(program.run("parked", parked.toString()).out().lines()).hasSize(2);
        assertThat(program.run("replay", parked.toString()).out().strip())
                .isEqualTo("9.0 chancery.access.v1.RoleAssigned access/assignments/x");
        assertThat(program.run("parked", parked.toString()).out().strip()).matches(unknown + " .*");
    }

    private static String line(String... words) {
        return Stream.of(words)
                        .map(word -> Base64.getEncoder().encodeToString(word.getBytes(UTF_8)))
                        .collect(Collectors.joining(" "))
                + " \n";
    }

    /** A program's principal, which may ask; the client id that it signs in with. */
    private String service(String publicKey) {
        var created = calls.done(
                        administrator,
                        CreatePrincipalRequest.newBuilder()
                                .setType(PrincipalType.SERVICE)
                                .setDisplayName("billing")
                                .setPublicKey(bytes(publicKey)))
                .json();
        grant("asker", "access:check", created.getString("principalId"));
        return created.getString("clientId");
    }

    private void grant(String role, String capability, String principal) {
        calls.done(administrator, DefineRoleRequest.newBuilder().setRole(role).addCapabilities(capability));
        calls.done(
                administrator,
                AssignRoleRequest.newBuilder().setPrincipalId(principal).setRole(role));
    }

    private static ByteString bytes(String base64) {
        return ByteString.copyFrom(Base64.getDecoder().decode(base64));
    }
}
