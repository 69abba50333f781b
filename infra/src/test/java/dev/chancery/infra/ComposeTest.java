package dev.chancery.infra;

import static dev.chancery.infra.Manifests.INFRA;
import static dev.chancery.infra.Manifests.at;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.chancery.database.DatabaseRole;
import dev.chancery.keyring.KeyFileSealer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The compose file is valid, keeps the rules for containers, and mounts what its script for certificates makes. */
class ComposeTest {
    private static final Path COMPOSE = INFRA.resolve("compose");
    private static final Set<String> BROKERS = Set.of("kafka-1", "kafka-2", "kafka-3");

    /** Made once: what makes them runs openssl for each key. */
    @TempDir
    static Path secrets;

    private final JsonObject compose = Manifests.yaml(COMPOSE.resolve("compose.yaml"));

    @BeforeAll
    static void makeSecrets() throws IOException, InterruptedException {
        run(secrets, COMPOSE.resolve("certificates").toString());
    }

    @Test
    void itIsValid() {
        assertThat(violations(compose.deepCopy())).isEmpty();
    }

    @Test
    void anUnknownKeyIsFound() {
        JsonObject misspelt = compose.deepCopy();
        at(misspelt, "services", "relay").getAsJsonObject().addProperty("read_onyl", true);
        assertThat(violations(misspelt)).isNotEmpty();
    }

    @Test
    void everyContainerIsHardened() {
        for (var service : services().entrySet()) {
            JsonObject container = service.getValue().getAsJsonObject();
            assertThat(container.get("user").getAsString()).as(service.getKey()).startsWith("${CHANCERY_UID:?");
            assertThat(container.get("read_only").getAsBoolean())
                    .as(service.getKey())
                    .isTrue();
            assertThat(container.get("cap_drop").toString())
                    .as(service.getKey())
                    .isEqualTo("[\"ALL\"]");
            assertThat(container.get("security_opt").toString())
                    .as(service.getKey())
                    .contains("no-new-privileges:true");
            assertThat(container.keySet()).as(service.getKey()).contains("mem_limit", "cpus", "pids_limit");
            assertThat(container.get("image").getAsString())
                    .as(service.getKey())
                    .matches("\\$\\{CHANCERY_IMAGE:-chancery}|.+@sha256:[0-9a-f]{64}");
        }
    }

    /** Ports are published on the loopback only, and those of PostgreSQL and Kafka not at all. */
    @Test
    void onlyWhatClientsCallIsPublished() {
        services().forEach((name, service) -> {
            JsonElement ports = service.getAsJsonObject().get("ports");
            if (name.equals("postgres") || BROKERS.contains(name)) {
                assertThat(ports).as(name).isNull();
            } else if (ports != null) {
                assertThat(ports.getAsJsonArray())
                        .allMatch(port -> port.getAsString().startsWith("127.0.0.1:"));
            }
        });
    }

    @Test
    void whatIsMountedIsThere() throws Exception {
        services().forEach((name, service) -> {
            for (JsonElement mount : at(service.getAsJsonObject(), "volumes").getAsJsonArray()) {
                String source = mount.getAsString().replaceFirst(":.*", "");
                if (source.startsWith("./secrets/")) {
                    assertThat(secrets.resolve(source.substring("./secrets/".length())))
                            .isDirectory();
                } else if (source.startsWith("./")) {
                    assertThat(COMPOSE.resolve(source)).isRegularFile();
                }
            }
        });
    }

    @Test
    void theSecretsFitTogether() throws Exception {
        KeyFileSealer.open(secrets.resolve("core/sealer/sealer"));
        KeyFileSealer.open(secrets.resolve("ledger/sealer/sealer"));
        assertThat(Files.readString(secrets.resolve("core/sealer/sealer")))
                .isNotEqualTo(Files.readString(secrets.resolve("ledger/sealer/sealer")));
        // No process but core, ledger and egress has a key that unseals.
        try (Stream<Path> files = Files.walk(secrets)) {
            assertThat(files.filter(file -> file.endsWith("sealer") && Files.isRegularFile(file))
                            .map(file -> secrets.relativize(file).toString()))
                    .containsExactlyInAnyOrder("core/sealer/sealer", "egress/sealer/sealer", "ledger/sealer/sealer");
        }
        // The cores have one, which both can replace; the others can replace theirs.
        for (String core : List.of("core-1", "core-2")) {
            assertThat(at(services().get(core).getAsJsonObject(), "volumes").toString())
                    .contains("\"./secrets/core/sealer:/run/secrets/chancery/sealer\"");
        }
        for (String role : List.of("ledger", "egress")) {
            assertThat(at(services().get(role).getAsJsonObject(), "volumes").toString())
                    .contains("\"./secrets/" + role + "/sealer:/run/secrets/chancery/sealer\"");
        }
        for (String certificate : List.of(
                "postgres/server.crt",
                "kafka-2/server.crt",
                "core-1/http/tls.crt",
                "relay/postgres/chancery_relay.crt")) {
            run(secrets, "openssl", "verify", "-CAfile", "authority/ca.crt", certificate);
        }
        // Each role that a process signs in as is one that PostgreSQL's script creates, and has a password there.
        String roles = Manifests.text(COMPOSE.resolve("postgres/roles.sh"));
        for (DatabaseRole role : DatabaseRole.STANDARD) {
            assertThat(roles)
                    .as("roles.sh creates it")
                    .containsPattern("roles=\\(.*\\b" + role.roleName() + "\\b.*\\)");
            for (DatabaseRole.Group group : role.groups()) {
                assertThat(roles)
                        .as("roles.sh puts it into its group")
                        .containsPattern("GRANT " + group.roleName() + " TO .*\\b" + role.roleName() + "\\b");
            }
        }
        try (Stream<Path> files = Files.walk(secrets)) {
            assertThat(files.filter(file -> file.toString().endsWith(".password"))
                            .map(Path::getFileName)
                            .map(Path::toString))
                    .allMatch(file -> file.equals("superuser.password")
                            || DatabaseRole.STANDARD.stream()
                                    .anyMatch(role -> file.equals(role.roleName() + ".password")));
        }
    }

    /** What the brokers ask of a client, a certificate says; the lists name no user that has none, and every process waits for them. */
    @Test
    void kafkaAuthorisesByCertificate() throws Exception {
        var broker = new Properties();
        try (var in = Files.newBufferedReader(COMPOSE.resolve("kafka/kafka.properties"))) {
            broker.load(in);
        }
        assertThat(broker.getProperty("authorizer.class.name"))
                .isEqualTo("org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        assertThat(broker.getProperty("allow.everyone.if.no.acl.found")).isNull();
        assertThat(broker.getProperty("super.users").split(";"))
                .containsExactlyInAnyOrder("User:kafka-1", "User:kafka-2", "User:kafka-3", "User:kafka-admin");

        Set<String> users = new TreeSet<>();
        try (Stream<Path> files = Files.walk(secrets)) {
            for (Path file : files.filter(file -> file.endsWith("client.crt")).toList()) {
                users.add(user(broker.getProperty("ssl.principal.mapping.rules"), subject(secrets, file)));
            }
        }
        assertThat(users)
                .containsExactly("core", "egress", "kafka-admin", "ledger", "migrate", "projectors", "reader", "relay");
        assertThat(Manifests.text(COMPOSE.resolve("kafka/acls")).split("principal "))
                .filteredOn(part -> part.startsWith("User:"))
                .allSatisfy(part -> assertThat(users)
                        .contains(part.substring("User:".length()).split(" ")[0]));
        services().forEach((name, service) -> {
            if (service.toString().contains("chancery.properties") && !name.equals("migrate")) {
                assertThat(at(service.getAsJsonObject(), "depends_on", "kafka-acls", "condition")
                                .getAsString())
                        .as(name)
                        .isEqualTo("service_completed_successfully");
            }
        });
    }

    private static String subject(Path directory, Path certificate) throws IOException, InterruptedException {
        return run(
                        directory,
                        "openssl",
                        "x509",
                        "-in",
                        certificate.toString(),
                        "-noout",
                        "-subject",
                        "-nameopt",
                        "RFC2253")
                .strip()
                .replaceFirst("^subject=", "");
    }

    /** As Kafka maps a certificate's subject: the first rule that fits. */
    private static String user(String rules, String subject) {
        for (String rule : rules.split(",RULE:|RULE:")) {
            String[] parts = rule.split("/");
            if (parts.length > 1 && subject.matches(parts[0])) {
                return subject.replaceFirst(parts[0], parts[1]);
            }
        }
        return subject;
    }

    /** PostgreSQL, Kafka, relay and migration reach nobody else; what is published is so by a network that lets nothing back in; core and proxy reach outside. */
    @Test
    void whoReachesOutsideIsCoreAndProxy() {
        JsonObject networks = at(compose, "networks").getAsJsonObject();
        assertThat(at(networks, "chancery", "internal").getAsBoolean()).isTrue();
        assertThat(at(networks, "published", "driver_opts")
                        .getAsJsonObject()
                        .get("com.docker.network.bridge.enable_ip_masquerade")
                        .getAsString())
                .isEqualTo("false");
        services().forEach((name, service) -> {
            List<String> joined = at(service.getAsJsonObject(), "networks").getAsJsonArray().asList().stream()
                    .map(JsonElement::getAsString)
                    .toList();
            assertThat(joined)
                    .as(name)
                    .isEqualTo(
                            switch (name) {
                                case "core-1", "core-2", "egress" -> List.of("chancery", "outside");
                                case "ledger", "projectors" -> List.of("chancery", "published");
                                default -> List.of("chancery");
                            });
            assertThat(service.getAsJsonObject().has("ports"))
                    .as("%s publishes a port", name)
                    .isEqualTo(joined.size() == 2);
        });
    }

    /** What was made stays: keys and passwords are the same after another run. */
    @Test
    void makingThemAgainChangesNoSecret() throws Exception {
        String before = Files.readString(secrets.resolve("core-1/postgres/chancery_access.key"))
                + Files.readString(secrets.resolve("postgres/chancery_access.password"));
        // As an erasure does.
        KeyFileSealer.open(secrets.resolve("core/sealer/sealer")).ring().add(2);
        String ring = Files.readString(secrets.resolve("core/sealer/sealer"));
        makeSecrets();
        assertThat(Files.readString(secrets.resolve("core/sealer/sealer"))).isEqualTo(ring);
        assertThat(Files.readString(secrets.resolve("core-1/postgres/chancery_access.key"))
                        + Files.readString(secrets.resolve("postgres/chancery_access.password")))
                .isEqualTo(before);
    }

    private static String run(Path secrets, String... command) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(command).directory(secrets.toFile()).redirectErrorStream(true);
        builder.environment()
                .putAll(Map.of(
                        "CHANCERY_SECRETS", secrets.toString(), "CHANCERY_UID", "10001", "CHANCERY_GID", "10001"));
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    private Map<String, JsonElement> services() {
        return at(compose, "services").getAsJsonObject().asMap();
    }

    private static List<Error> violations(JsonObject document) {
        try (InputStream schema = ComposeTest.class.getResourceAsStream("/compose-spec/schema.json")) {
            // The project's name is younger than this schema.
            document.remove("name");
            return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2019_09)
                    .getSchema(schema)
                    .validate(document.toString(), InputFormat.JSON);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
