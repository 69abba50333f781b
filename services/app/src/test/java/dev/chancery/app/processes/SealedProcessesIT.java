package dev.chancery.app.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.app.processes.TestClient.Caller;
import dev.chancery.app.processes.TestClient.Reply;
import dev.chancery.app.processes.TestInstallation.Member;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.Refused;
import dev.chancery.feature.ProcessRole;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.EntryFrame;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.testkit.LongTest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** Processes whose keys are away, or taken from them: they answer nothing but health until they are unsealed, and each time is recorded. */
@LongTest
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SealedProcessesIT {
    private static final String ACCESS = "access.v1.AccessService/";

    private static Path directory;
    private static TestInstallation installation;
    private static TestClient client;
    private static Member ledger;
    private static Member core;
    private static Member late;
    private static Founders founders;
    private static Caller administrator;

    @BeforeAll
    static void start() throws Exception {
        Path parent = Files.createDirectories(Path.of("target", "installations").toAbsolutePath());
        directory = Files.createTempDirectory(parent, "sealed-");
        installation = new TestInstallation(directory);
        client = new TestClient(installation.authority());
        ledger = installation.add("ledger", ProcessRole.LEDGER);
        core = installation.add("core-1", ProcessRole.CORE);
        List<Member> members = List.of(installation.add("relay", ProcessRole.RELAY), ledger, core);
        for (Member member : members) {
            member.start();
        }
        for (Member member : members) {
            member.awaitReady(client);
        }
        founders = Founders.of(installation, client, core, core);
    }

    @AfterAll
    static void stop() {
        if (client != null) {
            client.close();
        }
        if (installation != null) {
            installation.close();
        }
    }

    /** A core that has just started has no key at hand: whatever it records needs the engine. */
    @Test
    @Order(1)
    void aCoreWhoseTransitEngineIsAwayStandsSealedServesOnceItIsBackAndRefusesWhatNeedsItMeanwhile() throws Exception {
        administrator = founders.administrator(client, core);
        Path tokenFile = Files.copy(
                installation.transit().tokenFile(),
                directory.resolve("core-2.token"),
                StandardCopyOption.COPY_ATTRIBUTES);
        late = installation.add("core-2", ProcessRole.CORE, "chancery.sealer-transit.token-file=" + tokenFile);
        String token = Files.readString(tokenFile).strip();
        installation.transit().stop();
        late.start();
        late.awaitSealed(client);
        answersNothingButHealth(late);
        assertThat(Files.readString(late.err()))
                .contains("the transit engine at " + installation.transit().address()
                        + " does not answer: is it up, and reachable from here?")
                .doesNotContain(token);
        assertThat(recordedOf(late)).isEmpty();

        installation.transit().start();
        late.awaitReady(client);
        assertThat(recordedOf(late)).containsExactly("vault.unseal");
        installation.transit().stop();
        var assertion =
                new JsonObject().put("clientAssertion", TestClient.assertion(founders.adasId(), founders.adasKey()));
        Reply refused = client.call(late.base(), "identity.v1.IdentityService/IssueToken", assertion, Map.of());
        assertThat(refused.json().getString("code")).isEqualTo("backbone.unavailable");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(Files.readString(late.err())).contains("does not answer").doesNotContain(token);

        installation.transit().start();
        assertThat(founders.administrator(client, late).token()).isNotEmpty();
    }

    /** By the command line a core, by hand the ledger; this test is what starts them again. */
    @Test
    @Order(2)
    void aProcessThatIsSealedRecordsItGivesItsKeysUpAndServesOnceItIsUnsealed() throws Exception {
        administrator = founders.administrator(client, late);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<TestInstallation.Ended> sealing = threads.submit(() -> chancery("seal", late));
            assertThat(late.awaitEnd()).isEqualTo(3);
            assertThat(recordedOf(late)).containsExactly("vault.unseal", "vault.seal");
            late.start();
            assertThat(sealing.get()).isEqualTo(new TestInstallation.Ended(0, ""));
        }
        answersNothingButHealth(late);
        assertThat(chancery("unseal", late)).isEqualTo(new TestInstallation.Ended(0, ""));
        late.awaitReady(client);
        assertThat(recordedOf(late)).containsExactly("vault.unseal", "vault.seal", "vault.unseal");
        assertThat(founders.administrator(client, late).token()).isNotEmpty();

        Path mark = Files.createFile(directory.resolve("LEDGER.sealer.sealed"));
        assertThat(ledger.awaitEnd()).isEqualTo(3);
        ledger.start();
        ledger.awaitSealed(client);
        Files.delete(mark);
        ledger.awaitReady(client);
        assertThat(recordedOf(ledger)).containsExactly("ledger.seal", "ledger.unseal");
    }

    /** The records of sealing are in the installation's log, which an auditor takes as it is. */
    @Test
    @Order(3)
    void anExportOfTheInstallationsLogIsIntact() throws Exception {
        var log = new AuditedLog(installation, client, ledger, founders.owner(client, core));
        Path out = directory.resolve("export-of-the-installation");
        log.export(out);
        log.isIntact(out);
    }

    private static void answersNothingButHealth(Member sealed) throws IOException {
        assertThat(get(sealed, "/q/health/live").statusCode()).isEqualTo(200);
        HttpResponse<byte[]> ready = get(sealed, "/q/health/ready");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(new String(ready.body(), UTF_8)).contains("\"sealed\"").doesNotContain(directory.toString());
        for (String path : List.of(
                "/",
                "/q/metrics",
                "/metrics",
                "/oauth/jwks.json",
                "/access/v1/roles",
                "/vault/v1/secrets",
                "/rbac/v1/none")) {
            HttpResponse<byte[]> refused = get(sealed, path);
            assertThat(refused.statusCode()).as(path).isEqualTo(503);
            assertThat(refused.headers().firstValue("Retry-After")).as(path).isPresent();
            assertThat(new String(refused.body(), UTF_8))
                    .contains("\"backbone.sealed\"")
                    .doesNotContain(directory.toString());
        }
        Reply command = client.call(
                sealed.base(),
                ACCESS + "DefineRole",
                new JsonObject().put("role", "sealed").put("capabilities", List.of("role:read")),
                TestClient.headers(administrator));
        assertThat(command.status()).isEqualTo(503);
        assertThat(command.json().getString("code")).isEqualTo("backbone.sealed");
        ContractMethod method =
                Contract.load().method("chancery.access.v1.AccessService/Check").orElseThrow();
        try (var grpc = new GrpcTransport(
                Instance.at(sealed.base(), Optional.of(installation.authority().certificate())))) {
            assertThatThrownBy(() -> grpc.call(
                            method,
                            CheckRequest.getDefaultInstance(),
                            Map.of("Authorization", "Bearer " + administrator.token())))
                    .isInstanceOfSatisfying(
                            Refused.class, refused -> assertThat(refused.code()).isEqualTo("backbone.sealed"));
        }
    }

    private static HttpResponse<byte[]> get(Member member, String path) throws IOException {
        return client.send(
                member.base(), "GET", path, Map.of("Authorization", "Bearer " + administrator.token()), new byte[0]);
    }

    /** The actions in the installation's log that are about a process, in order. */
    private static List<String> recordedOf(Member member) throws Exception {
        List<String> actions = new ArrayList<>();
        try (Connection superuser = installation.superuser();
                var query = superuser.prepareStatement(
                        "SELECT record FROM log.record WHERE tenant = 'instance' ORDER BY position");
                var rows = query.executeQuery()) {
            while (rows.next()) {
                byte[] entry = Record.parseFrom(rows.getBytes(1)).getEntry().toByteArray();
                Statement statement = Statement.parser()
                        .parseFrom(entry, 1, EntryFrame.of(entry).statementBytes());
                if (statement.getTarget().getType().equals("process")
                        && statement.getTarget().getId().equals(member.name())) {
                    actions.add(statement.getAction());
                }
            }
        }
        return actions;
    }

    /** As `chancery` does on the machine of a process. */
    private static TestInstallation.Ended chancery(String command, Member member) throws Exception {
        Path cli = Path.of("..", "..", "cli", "target").toAbsolutePath();
        Path err = Files.createTempFile(directory, "chancery-", ".err");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        cli.resolve("cli.jar") + ":" + cli.resolve("lib") + "/*",
                        "dev.chancery.cli.Main",
                        command,
                        "--config",
                        member.file().toString())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(err.toFile())
                .start();
        return new TestInstallation.Ended(process.waitFor(), Files.readString(err));
    }
}
