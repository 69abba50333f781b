package dev.chancery.app;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import dev.chancery.feature.FeatureDescription;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;

/** The rules that keep the folders telling the truth. Each says what to do instead. */
class ArchitectureTest {
    private static final JavaClasses CHANCERY = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.chancery");

    private static void hold(ArchRule rule) {
        rule.check(CHANCERY);
    }

    @Test
    void theKernelIsJavaOnly() {
        hold(
                classes()
                        .that()
                        .resideInAPackage("dev.chancery.kernel..")
                        .should()
                        .onlyDependOnClassesThat()
                        .resideInAnyPackage("java..", "dev.chancery.kernel..", "org.jspecify..")
                        .because(
                                "what a feature decides must be testable with nothing around it: pass what you need in the command"));
    }

    @Test
    void featuresMeetInTheSchemaOnTheLogAndInDecision() {
        List<String> features = FeatureDescription.all().stream()
                .map(feature -> feature.getClass().getPackageName() + "..")
                .toList();
        assertThat(features).hasSizeGreaterThan(3);
        for (String feature : features) {
            String[] others =
                    features.stream().filter(other -> !other.equals(feature)).toArray(String[]::new);
            hold(
                    noClasses()
                            .that()
                            .resideInAPackage(feature)
                            .should()
                            .dependOnClassesThat()
                            .resideInAnyPackage(others)
                            .because(
                                    "a feature never imports another: put the event into events-schema, or the fold into backbone/authority"));
        }
    }

    @Test
    void theWriteAheadLogIsReadByTheRelay() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackage("dev.chancery.relay..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.debezium..", "org.apache.kafka.connect..", "org.postgresql.replication..")
                .because("what wakes the relay is the relay's own affair: ask dev.chancery.relay.Relay"));
    }

    @Test
    void theKafkaClientStaysInKafkaRelayProjectionAndFanout() {
        hold(
                noClasses()
                        .that()
                        .resideOutsideOfPackages(
                                "dev.chancery.kafka..",
                                "dev.chancery.relay..",
                                "dev.chancery.projection..",
                                "dev.chancery.fanout..",
                                "dev.chancery.embedded..",
                                "dev.chancery.testkit..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAPackage("org.apache.kafka.clients..")
                        .because(
                                "exactly-last-plus-one is kept in one place: write a Projection, or use LogFollower or TopicPublisher"));
    }

    @Test
    void kafkaClientsAreMadeInOnePlace() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackages("dev.chancery.kafka..", "dev.chancery.testkit..")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("org\\.apache\\.kafka\\.clients\\..*\\.Kafka(Consumer|Producer|AdminClient)")
                .orShould()
                .callMethod(Admin.class, "create", Map.class)
                .orShould()
                .callMethod(Admin.class, "create", Properties.class)
                .because("credentials, TLS and what keeps records safe reach every client: make it with KafkaClients"));
    }

    @Test
    void embeddedServersAreForTheQuickStartAndTheTests() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackages(
                        "dev.chancery.embedded..", "dev.chancery.testkit..", "dev.chancery.quickstart..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.chancery.embedded..")
                .because("an installation brings its own Kafka and PostgreSQL: take a Database and Properties"));
    }

    @Test
    void ciphersStayInTheKeyring() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackages("dev.chancery.keyring..", "dev.chancery.auditor..", "dev.chancery.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("javax.crypto..", "org.bouncycastle..")
                .because("keys are used where they are kept: seal, open, sign and hash through the Keyring"));
    }

    @Test
    void httpClientsStayOut() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackages("dev.chancery.cli..", "dev.chancery.outbound..")
                .and()
                // To the one address that the operator names for the sealer.
                .doNotHaveFullyQualifiedName("dev.chancery.keyring.TransitEngine")
                .and()
                // To the one address that the operator names for challenges.
                .doNotHaveFullyQualifiedName("dev.chancery.boundary.limits.SiteVerify")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net.http..", "io.vertx.ext.web.client..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("io.vertx.core.http.HttpClient")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.net.URLConnection")
                .because(
                        "nothing here dials out over HTTP but egress, backbone/outbound, a sealer, challenges, the ledger's anchors and the command"
                                + " line"));
    }

    @Test
    void connectionsGoOutByTheProxyAlone() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackages(
                        "dev.chancery.egress..",
                        "dev.chancery.embedded..",
                        "dev.chancery.testkit..",
                        "dev.chancery.quickstart..",
                        "dev.chancery.cli..")
                .and()
                // To a database, where its workspace's list allows; PostgreSQL's driver takes its sockets from it.
                .doNotHaveFullyQualifiedName("dev.chancery.vault.PinnedSocketFactory")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.net.Socket")
                .because("what a workspace's list does not allow is not reached: go through dev.chancery.egress"));
    }

    @Test
    void featuresKnowNoHttpServer() {
        hold(
                noClasses()
                        .that()
                        .resideOutsideOfPackages(
                                "dev.chancery.boundary..",
                                "dev.chancery.app..",
                                "dev.chancery.quickstart..",
                                "dev.chancery.cli..",
                                "dev.chancery.outbound..",
                                // What stands in for somebody else's server.
                                "dev.chancery.testkit..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage("io.vertx..", "io.grpc..")
                        .because(
                                "an endpoint of a standard is a JAX-RS resource on StandardEndpoints, and everything else a method of the contract"));
    }

    @Test
    void jwtsAreVerifiedInOnePlace() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackages("dev.chancery.boundary.tokens..", "dev.chancery.cli..")
                .and()
                // It encrypts, and verifies nothing.
                .doNotHaveFullyQualifiedName("dev.chancery.dsar.SubjectKey")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.jose4j..", "io.smallrye.jwt..")
                .because("one stack verifies every JWT: hand JwtVerifier the key and what you expect"));
    }

    @Test
    void projectionsAndFoldsReadNoClockAndNoChance() {
        hold(noClasses()
                .that()
                .implement("dev.chancery.projection.Projection")
                .or()
                .implement("dev.chancery.kernel.Fold")
                .or()
                .haveSimpleNameEndingWith("Rules")
                .or()
                .resideInAPackage("dev.chancery.rbac..")
                .and()
                .resideOutsideOfPackage("dev.chancery.schema..")
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(java.util.UUID.class, "randomUUID")
                .orShould()
                .callMethod(System.class, "getenv", String.class)
                .orShould()
                .callMethod(System.class, "getProperty", String.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(java.security.SecureRandom.class)
                .because("replay has to come to the same: time and ids arrive in the command or the record"));
    }

    /** SQL is text: it is looked for in the class files themselves. */
    @Test
    void whoWritesTheLogIsTheLog() {
        Pattern writes = Pattern.compile("(INSERT INTO|UPDATE|DELETE FROM|TRUNCATE) log\\.");
        assertThat(CHANCERY.stream()
                        .filter(type -> !type.getPackageName().equals("dev.chancery.log"))
                        .filter(type -> writes.matcher(text(type)).find())
                        .map(JavaClass::getName))
                .as("there is one append path: hand a Draft to the Appender")
                .isEmpty();
    }

    private static String text(JavaClass type) {
        try (var in = type.getSource().orElseThrow().getUri().toURL().openStream()) {
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void packagesFormNoCycles() {
        hold(slices().matching("dev.chancery.(*)..")
                .should()
                .beFreeOfCycles()
                .because("each module must be readable without the ones that stand on it"));
    }

    @Test
    void namesSayWhatThingsAre() {
        hold(noClasses()
                .should()
                .resideInAnyPackage("..util..", "..common..", "..helper..", "..impl..", "..manager..", "..dto..")
                .because("a package is named after what it does"));
    }
}
