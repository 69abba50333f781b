package dev.chancery.app.processes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.app.processes.TestClient.Caller;
import dev.chancery.app.processes.TestClient.Reply;
import dev.chancery.app.processes.TestInstallation.Member;
import dev.chancery.cli.client.ClientKey;
import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Instance;
import dev.chancery.cli.client.RestTransport;
import dev.chancery.cli.client.Transport;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.ProcessRole;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.ledger.v1.GetCheckpointReply;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.testkit.LongTest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Relay, projectors, ledger and two cores, each a process with its own files, over TLS with mutual authentication: together they do what
 * one process with every role does, and each can do no more than its role.
 */
@LongTest
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RolesAsProcessesIT {
    private static final String IDENTITY = "identity.v1.IdentityService/";
    private static final String ACCESS = "access.v1.AccessService/";
    private static final Duration CATCH_UP_LIMIT = Duration.ofSeconds(60);

    private static Path directory;
    private static TestInstallation installation;
    private static TestClient client;
    private static Member relay;
    private static Member projectors;
    private static Member ledger;
    private static Member egress;
    private static Member one;
    private static Member two;
    private static Founders founders;
    private static Caller administrator;

    @BeforeAll
    static void start() throws Exception {
        Path parent = Files.createDirectories(Path.of("target", "installations").toAbsolutePath());
        directory = Files.createTempDirectory(parent, "roles-");
        installation = new TestInstallation(directory);
        client = new TestClient(installation.authority());
        relay = installation.add("relay", ProcessRole.RELAY);
        projectors = installation.add("projectors", ProcessRole.PROJECTORS);
        ledger = installation.add("ledger", ProcessRole.LEDGER);
        egress = installation.add("egress", ProcessRole.EGRESS);
        one = installation.add("core-1", ProcessRole.CORE);
        two = installation.add("core-2", ProcessRole.CORE);
        for (Member member : members()) {
            member.start();
        }
        for (Member member : members()) {
            member.awaitReady(client);
        }
    }

    private static List<Member> members() {
        return List.of(relay, projectors, ledger, egress, one, two);
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

    @Test
    @Order(1)
    void theStoryGoesThroughWhicheverCoreAnswers() throws Exception {
        assertThat(installation.claims()).as("one core began the installation").hasSize(1);
        founders = Founders.of(installation, client, two, one);
        administrator = founders.administrator(client, one);
        Reply ben = client.call(
                        one.base(),
                        IDENTITY + "CreatePrincipal",
                        new JsonObject()
                                .put("type", "USER")
                                .put("displayName", "Ben")
                                .put(
                                        "publicKey",
                                        TestClient.bytes(
                                                ClientKey.generate("nobody").publicKey())),
                        TestClient.headers(administrator))
                .done();
        String principal = ben.json().getString("principalId");
        client.call(
                        two.base(),
                        ACCESS + "DefineRole",
                        new JsonObject().put("role", "reader").put("capabilities", List.of("role:read")),
                        TestClient.headers(administrator))
                .done();
        Reply assigned = client.call(
                        one.base(),
                        ACCESS + "AssignRole",
                        new JsonObject()
                                .put("principalId", principal)
                                .put("role", "reader")
                                .put("reason", "reads"),
                        TestClient.headers(administrator))
                .done();

        Reply check = client.call(
                        two.base(),
                        ACCESS + "Check",
                        new JsonObject().put("principalId", principal).put("capability", "role:read"),
                        TestClient.reading(administrator, assigned.position()))
                .done();
        assertThat(check.json().getBoolean("decision")).isTrue();
        Reply listed = client.call(
                        projectors.base(),
                        "rbac.v1.RbacService/ListAssignments",
                        new JsonObject(),
                        TestClient.reading(administrator, assigned.position()))
                .done();
        assertThat(listed.json().encode()).contains(assigned.json().getString("assignmentId"));
    }

    @Test
    @Order(2)
    void projectorsHoldNoKeyRingAndRefuseAnIdentityCall() throws Exception {
        Reply refused = client.call(
                projectors.base(),
                IDENTITY + "CreatePrincipal",
                new JsonObject().put("type", "USER").put("displayName", "Ben"),
                TestClient.headers(administrator));
        assertThat(refused.status()).isEqualTo(404);
        assertThat(refused.json().getString("code")).isEqualTo("backbone.not-served-here");

        for (DatabaseRole role : List.of(DatabaseRole.RBAC, DatabaseRole.DECISIONS)) {
            try (Connection connection = installation.as(role, projectors.name());
                    var statement = connection.createStatement()) {
                assertThatThrownBy(() -> statement.executeQuery("SELECT FROM keyring.tenant_key"))
                        .isInstanceOf(SQLException.class)
                        .hasMessageContaining("permission denied for schema keyring");
            }
        }
        Path wanting = Files.writeString(
                directory.resolve("wanting.properties"), "chancery.sealer-file=" + directory.resolve("LEDGER.sealer"));
        var ended = installation.run("projectors", projectors.file(), wanting);
        assertThat(ended.exitCode()).isEqualTo(1);
        assertThat(ended.err()).contains("these roles hold no keys");
    }

    @Test
    @Order(3)
    void whatWasAcknowledgedOutlivesAKillOfEachInTurn() throws Exception {
        Map<String, Reply> acknowledged;
        try (var load = new LightLoad(client, administrator, List.of(one.base(), two.base()))) {
            for (Member member : members()) {
                int before = load.acknowledged().size();
                assertThat(TestInstallation.await(
                                CATCH_UP_LIMIT, () -> load.acknowledged().size() >= before + 10))
                        .as("commands are acknowledged before the kill of %s: %s", member.name(), load.refused())
                        .isTrue();
                member.kill();
                int killed = load.acknowledged().size();
                assertThat(TestInstallation.await(
                                CATCH_UP_LIMIT, () -> load.acknowledged().size() >= killed + 5))
                        .as("the others go on without %s: %s", member.name(), load.refused())
                        .isTrue();
                member.start();
                member.awaitReady(client);
            }
            load.settle();
            acknowledged = load.acknowledged();
            acknowledged.forEach((key, reply) -> {
                load.send(one.base(), key);
                assertThat(load.acknowledged().get(key).json()).isEqualTo(reply.json());
                load.send(two.base(), key);
                assertThat(load.acknowledged().get(key).json()).isEqualTo(reply.json());
            });
        }
        var principals = acknowledged.values().stream()
                .map(reply -> reply.json().getString("principalId"))
                .collect(Collectors.toSet());
        assertThat(principals).as("each key has its own principal").hasSize(acknowledged.size());
        // Ada and Ben were there before.
        assertThat(principalsIn(administrator.tenant())).isEqualTo(acknowledged.size() + 2);
        System.out.printf("roles as processes: %d commands acknowledged%n", acknowledged.size());
    }

    private static long principalsIn(String tenant) throws Exception {
        try (Connection superuser = installation.superuser();
                var query = superuser.prepareStatement("SELECT count(*) FROM log.event WHERE tenant = ?"
                        + " AND type = 'chancery.identity.v1.PrincipalCreated'")) {
            query.setString(1, tenant);
            try (var row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    @Test
    @Order(4)
    void theLedgerCatchesUpAndAnExportIsIntact() throws Exception {
        var log = new AuditedLog(installation, client, ledger, administrator);
        long size = log.size();
        Path out = directory.resolve("export");
        assertThat(log.export(out).size()).isEqualTo(size);
        assertThat(log.size()).as("one record more: that it was copied").isEqualTo(size + 1);
        log.isIntact(out);
    }

    /** As `chancery` does with `--server` and `--ca`. */
    @Test
    @Order(5)
    void theCommandLineSpeaksTlsAndTrustsWhomItWasTold() throws Exception {
        ContractMethod method = Contract.load()
                .method("chancery.ledger.v1.LedgerService/GetCheckpoint")
                .orElseThrow();
        var request = GetCheckpointRequest.getDefaultInstance();
        Map<String, String> headers = Map.of("Authorization", "Bearer " + administrator.token());
        var trusting =
                Instance.at(ledger.base(), Optional.of(installation.authority().certificate()));
        try (var rest = new RestTransport(trusting);
                var grpc = new GrpcTransport(trusting)) {
            for (Transport transport : List.of(rest, grpc)) {
                assertThat(((GetCheckpointReply)
                                        transport.call(method, request, headers).message())
                                .getSize())
                        .isPositive();
            }
        }
        try (var rest = new RestTransport(Instance.at(ledger.base()));
                var grpc = new GrpcTransport(Instance.at(ledger.base()))) {
            for (Transport transport : List.of(rest, grpc)) {
                assertThatThrownBy(() -> transport.call(method, request, headers))
                        .isInstanceOf(Unreachable.class)
                        .hasMessageContaining("--ca FILE");
            }
        }
    }

    /** An edit is in force everywhere within two seconds of its answer; a connector's end, and that of its credentials, within one. */
    @Test
    @Order(6)
    void anEditIsInForceInEveryProcessWithinItsBound() throws Exception {
        administrator = founders.administrator(client, one);
        var calls = new EgressCalls(client, one, egress, administrator);
        assertThat(Files.readString(directory.resolve("egress.out")))
                .contains("\"proxy\":\"http://127.0.0.1:" + egress.proxyPort());
        String host = "edited.chancery.invalid";
        var listed = new JsonObject().put("host", host);
        calls.change(calls.administrator, "AllowHost", listed.copy());
        isAllowedEverywhere(calls, host);
        calls.change(calls.administrator, "RemoveAllowedHost", listed.copy());
        isNowhereAfter(System.nanoTime(), reaching(calls, host), Duration.ofSeconds(2));

        String connected = "connected.chancery.invalid";
        calls.change(
                calls.administrator,
                "Connect",
                new JsonObject().put("connector", "chat").put("hosts", List.of(connected, "**." + connected)));
        isAllowedEverywhere(calls, connected);
        String secret = "test/chat/token";
        calls.bind(secret, "chat");
        assertThat(calls.isRead(one, secret) && calls.isRead(two, secret)).isTrue();
        calls.change(calls.administrator, "Disconnect", new JsonObject().put("connector", "chat"));
        long disconnected = System.nanoTime();
        assertThat(calls.isRead(one, secret) || calls.isRead(two, secret)).isFalse();
        System.out.printf(
                "both vaults: refused %d ms after the change%n", (System.nanoTime() - disconnected) / 1_000_000);
        isNowhereAfter(disconnected, reaching(calls, connected), Duration.ofSeconds(1));
    }

    private static Map<String, EgressCalls.Question> reaching(EgressCalls calls, String host) {
        return Map.of(
                "proxy", () -> calls.isLetOut(host),
                "core-1", () -> calls.isAllowed(one, host),
                "core-2", () -> calls.isAllowed(two, host));
    }

    private static void isAllowedEverywhere(EgressCalls calls, String host) {
        var answers = new TreeMap<String, String>();
        assertThat(TestInstallation.await(CATCH_UP_LIMIT, () -> {
                    reaching(calls, host).forEach((who, question) -> answers.put(who, answer(question)));
                    return Set.copyOf(answers.values()).equals(Set.of("true"));
                }))
                .as(() -> host + " is allowed: " + answers)
                .isTrue();
    }

    private static String answer(EgressCalls.Question question) {
        try {
            return String.valueOf(question.ask());
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** @param changed when the change was answered */
    private static void isNowhereAfter(long changed, Map<String, EgressCalls.Question> questions, Duration bound)
            throws Exception {
        long until = changed + bound.toNanos() + Duration.ofSeconds(2).toNanos();
        try (var asking = Executors.newVirtualThreadPerTaskExecutor()) {
            Map<String, Future<Long>> answers = new HashMap<>();
            questions.forEach((who, question) ->
                    answers.put(who, asking.submit(() -> EgressCalls.lastYesNanos(until, question))));
            for (Map.Entry<String, Future<Long>> answer : answers.entrySet()) {
                long last = answer.getValue().get();
                long millis =
                        last < changed ? 0 : Duration.ofNanos(last - changed).toMillis();
                System.out.printf("%s: last allowed %d ms after the change%n", answer.getKey(), millis);
                assertThat(millis).as(answer.getKey()).isLessThan(bound.toMillis());
                assertThat(questions.get(answer.getKey()).ask())
                        .as("%s is up, and denies", answer.getKey())
                        .isFalse();
            }
        }
    }

    /** Killed and started again while it is in force, and killed again at its end. */
    @Test
    @Order(7)
    void anOverrideEndsOnTimeThoughProcessesAreKilledAtItsEnd() throws Exception {
        administrator = founders.administrator(client, one);
        var calls = new EgressCalls(client, one, egress, administrator);
        String host = "over.chancery.invalid";
        JsonObject asked = calls.change(
                        calls.agent,
                        "RequestOverride",
                        new JsonObject().put("host", host).put("minutes", 1).put("reason", "One file, by hand."))
                .json();
        calls.change(
                calls.administrator,
                "ApproveOverride",
                new JsonObject().put("overrideId", asked.getString("overrideId")));
        // The end is told in whole milliseconds.
        long leftMillis = 1 + Long.parseLong(asked.getString("expiresAtMillis")) - System.currentTimeMillis();
        long endNanos = System.nanoTime() + Duration.ofMillis(leftMillis).toNanos();
        isAllowedEverywhere(calls, host);
        egress.kill();
        egress.start();
        egress.awaitReady(client);
        if (endNanos - System.nanoTime() > Duration.ofSeconds(10).toNanos()) {
            assertThat(TestInstallation.await(Duration.ofSeconds(5), () -> letOut(calls, host)))
                    .as("the override outlived the first kill")
                    .isTrue();
        }
        long last = EgressCalls.lastYesNanos(endNanos - Duration.ofMillis(300).toNanos(), () -> calls.isLetOut(host));
        egress.kill();
        two.kill();
        egress.start();
        two.start();
        long sinceNanos = EgressCalls.lastYesNanos(endNanos, () -> calls.isLetOut(host));
        egress.awaitReady(client);
        two.awaitReady(client);
        long lateNanos = EgressCalls.lastYesNanos(
                System.nanoTime() + Duration.ofSeconds(5).toNanos(),
                () -> calls.isLetOut(host) || calls.isAllowed(one, host) || calls.isAllowed(two, host));
        assertThat(Math.max(Math.max(last, sinceNanos), lateNanos)).isLessThan(endNanos);
        assertThat(calls.isLetOut(host)).as("it is up, and denies").isFalse();
    }

    /** The cores share an engine, the ledger and the proxy have a key file each: version 2 is another key in each of them. */
    @Test
    @Order(8)
    void theRingAboveTheKeysThatSignTurnsInTheSealerOfEachHolder() throws Exception {
        int version = turn("RotateSealerKey", new JsonObject()).getInteger("ringVersion");
        assertThat(TestInstallation.await(
                        CATCH_UP_LIMIT,
                        () -> turn("Reseal", new JsonObject()).getString("left").equals("0")))
                .as("the ledger and the proxy seal their keys anew by themselves")
                .isTrue();
        turn("RetireSealerKey", new JsonObject().put("ringVersion", version - 1).put("compromised", true));

        for (ProcessRole holder : List.of(ProcessRole.LEDGER, ProcessRole.EGRESS)) {
            assertThat(TestInstallation.await(CATCH_UP_LIMIT, () -> installationsRing(holder)
                            .equals(List.of("chancery-installation-ring-key-1 " + version))))
                    .as("%s has %s", holder, installationsRing(holder))
                    .isTrue();
        }
        ledger.kill();
        ledger.start();
        ledger.awaitReady(client);
    }

    private static JsonObject turn(String method, JsonObject of) {
        try {
            return client.call(
                            one.base(),
                            "vault.v1.KeyService/" + method,
                            of.put("ring", "SEALER_RING_INSTALLATION"),
                            TestClient.headers(founders.owner(client, one)))
                    .done()
                    .json();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The versions in a holder's key file, as far as they are no secret. */
    private static List<String> installationsRing(ProcessRole holder) {
        try (var lines = Files.lines(installation.sealer(holder))) {
            return lines.filter(line -> line.startsWith("chancery-installation-ring-key-1 "))
                    .map(line -> line.substring(0, line.indexOf(' ', line.indexOf(' ') + 1)))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the proxy and a core recorded of the calls before is part of it. */
    @Test
    @Order(9)
    void anExportWithWhatWentOutIsIntact() throws Exception {
        administrator = founders.administrator(client, one);
        var log = new AuditedLog(installation, client, ledger, administrator);
        Path out = directory.resolve("export-of-egress");
        log.export(out);
        log.isIntact(out);
    }

    private static boolean letOut(EgressCalls calls, String host) {
        try {
            return calls.isLetOut(host);
        } catch (IOException e) {
            return false;
        }
    }
}
