package dev.chancery.quickstart.hostile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.kafka.KafkaClients;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.hostile.HostileMessages.Hostile;
import dev.chancery.quickstart.instance.ExampleRequests;
import dev.chancery.quickstart.instance.RawClient;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.quickstart.instance.SigningKey;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.access.v1.CheckRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.PrincipalType;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.Producer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * Somebody who may write every topic writes messages of every kind there while commands run: no answer changes, nothing stops, and all
 * are counted, before a restart and after it. Then the views replay EQUAL and the export is INTACT. {@code -Pfull} for more of them,
 * {@code -Dhostile.seed} to repeat a run.
 */
@Order(65)
class HostileTopicsIT {
    private static final List<String> PROJECTIONS =
            List.of("consent", "dsar", "elevation", "fanout", "ledger", "notices", "rbac", "retention", "vault");
    private static final int MESSAGES =
            System.getProperty("chancery.rounds", "quick").equals("full") ? 10_000 : 400;
    private static final int A_ROUND = 20;
    private static final long SEED = Long.getLong("hostile.seed", new Random().nextLong());
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Pattern PASSED_OVER = Pattern.compile(
            "chancery_projection_passed_over_messages_total\\{[^}]*projection=\"([a-z]+)\"[^}]*\\} ([0-9.E]+)");
    private static final Pattern STOPPED = Pattern.compile("chancery_projection_stopped_tenants\\{[^}]*\\} ([0-9.E]+)");

    private final int port = freePort();
    private RunningInstance instance = RunningInstance.start(RunningInstance.newDirectory("hostile"), port);
    private final SharedInstance world = SharedInstance.on(instance);
    private final Client administrator = world.a;
    private final String accomplice = principal();
    private RawClient wire = world.wire;
    private long counted;
    private long last = -1;

    private static int freePort() {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @AfterEach
    void stop() {
        wire.close();
        world.close();
        instance.close();
    }

    @Test
    void noAnswerChangesNothingStopsAndAllAreCounted() throws IOException, Refused {
        System.out.println(MESSAGES + " hostile messages, -Dhostile.seed=" + SEED);
        List<String> trusted = head().getJsonArray("verifierKeys").stream()
                .map(String::valueOf)
                .toList();
        command();
        try (InstanceAccess inside = InstanceAccess.to(instance.data());
                Producer<byte[], byte[]> producer =
                        new KafkaClients(inside.kafkaClient("admin")).producer(Duration.ofSeconds(20), Map.of())) {
            var hostile = new HostileMessages(
                    new Random(SEED),
                    inside.database(),
                    inside.instanceId(),
                    List.of(world.a.tenant(), world.b.tenant(), "instance"),
                    accomplice,
                    producer.partitionsFor(HostileMessages.LOG).size());
            for (int sent = 0; sent < MESSAGES; sent += A_ROUND) {
                List<Future<?>> acknowledged = new ArrayList<>();
                for (int i = 0; i < A_ROUND - 1; i++) {
                    acknowledged.add(send(producer, hostile.next()));
                }
                // The next command's record finds its place taken.
                acknowledged.add(send(producer, hostile.forgedNext(administrator.tenant())));
                acknowledged.forEach(one -> KafkaClients.await(one, LIMIT));
                command();
                answersAreAsBefore();
            }
        }
        allAreCounted();

        assertThat(instance.stop()).as("exit code after TERM").isIn(0, 143);
        instance = RunningInstance.start(instance.data(), port);
        wire.close();
        wire = new RawClient(instance);
        answersAreAsBefore();
        allAreCounted();
        command();
        answersAreAsBefore();
        intact(trusted);
        assertThat(instance.stop()).isIn(0, 143);
        RunningInstance.Ended replay = RunningInstance.attempt(
                "replay", "--check", "--data", instance.data().toString());
        assertThat(replay.exitCode()).as("%s", replay).isZero();
        assertThat(replay.out()).contains("EQUAL");
    }

    private Future<?> send(Producer<byte[], byte[]> producer, Hostile hostile) {
        counted += hostile.counts() ? 1 : 0;
        return producer.send(hostile.message());
    }

    private void command() {
        ContractMethod create = world.method("chancery.identity.v1.IdentityService/CreateWorkspace");
        Map<String, String> headers = new HashMap<>(administrator.headers());
        headers.put("Idempotency-Key", UUID.randomUUID().toString());
        Reply reply =
                wire.rest(create, ExampleRequests.fill(create, Map.of("unique", SharedInstance.unique())), headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        last = Long.parseLong(reply.position().substring(reply.position().indexOf('@') + 1));
    }

    /** Of decisions, with a position and without, and of lists. */
    private void answersAreAsBefore() {
        Map<String, String> here = new HashMap<>(administrator.headers());
        for (boolean positioned : new boolean[] {false, true}) {
            if (positioned) {
                here.put("Chancery-Position", administrator.tenant() + "@" + last);
            }
            assertThat(decision(accomplice, here)).isFalse();
            assertThat(decision("", here)).isTrue();
        }
        ContractMethod list = world.method("chancery.rbac.v1.RbacService/ListAssignments");
        Reply reply = wire.rest(list, list.requestPrototype(), here);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        assertThat(reply.text()).doesNotContain(accomplice);
    }

    /** @param principal empty for the caller */
    private boolean decision(String principal, Map<String, String> headers) {
        var check = CheckRequest.newBuilder().setCapability("role:read");
        if (!principal.isEmpty()) {
            check.setPrincipalId(principal);
        }
        Reply reply = wire.rest(world.method("chancery.access.v1.AccessService/Check"), check.build(), headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json().getBoolean("decision");
    }

    private void allAreCounted() {
        assertThat(RunningInstance.await(
                        LIMIT, () -> PROJECTIONS.stream().allMatch(projection -> passedOver(projection) >= counted)))
                .as("%d are counted: %s", counted, health())
                .isTrue();
        assertThat(PROJECTIONS)
                .allSatisfy(projection -> assertThat(passedOver(projection)).isEqualTo(counted));
        assertThat(STOPPED.matcher(metrics()).results().map(found -> Double.valueOf(found.group(1))))
                .hasSize(PROJECTIONS.size())
                .containsOnly(0.0);
        JsonObject health = health();
        assertThat(health.getString("status")).isEqualTo("UP");
        assertThat(health.encode())
                .contains("rbac: messages on log.v1 passed over (unsigned): ")
                .contains("ledger: messages on log.v1 passed over (empty): ");
    }

    private long passedOver(String projection) {
        return PASSED_OVER
                .matcher(metrics())
                .results()
                .filter(found -> found.group(1).equals(projection))
                .mapToLong(found -> (long) Double.parseDouble(found.group(2)))
                .sum();
    }

    private String metrics() {
        Reply reply = wire.http("GET", "/metrics", world.owner.headers(), new byte[0]);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.text();
    }

    private JsonObject health() {
        return wire.http("GET", "/q/health/ready", Map.of(), new byte[0]).json();
    }

    private String principal() {
        ContractMethod create = world.method("chancery.identity.v1.IdentityService/CreatePrincipal");
        Map<String, String> headers = new HashMap<>(administrator.headers());
        headers.put("Idempotency-Key", UUID.randomUUID().toString());
        Reply reply = world.wire.rest(
                create,
                CreatePrincipalRequest.newBuilder()
                        .setType(PrincipalType.USER)
                        .setDisplayName("Accomplice")
                        .setPublicKey(ByteString.copyFrom(
                                Base64.getDecoder().decode(SigningKey.generate().publicKey())))
                        .build(),
                headers);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json().getString("principalId");
    }

    private JsonObject head() {
        ContractMethod checkpoint = world.method("chancery.ledger.v1.LedgerService/GetCheckpoint");
        return wire.rest(checkpoint, checkpoint.requestPrototype(), administrator.headers())
                .json();
    }

    private void intact(List<String> trusted) throws IOException, Refused {
        assertThat(RunningInstance.await(LIMIT, () -> Long.parseLong(head().getString("size", "0")) > last))
                .as("the checkpoint covers %d: %s", last, head())
                .isTrue();
        Path home = instance.data().getParent();
        Path trust = Files.write(home.resolve("trust.vkey"), trusted);
        Path export = home.resolve("export");
        Export.write(this::download, export);
        var said = new ByteArrayOutputStream();
        try (var print = new PrintStream(said, true, UTF_8)) {
            int code = dev.chancery.auditor.Main.run(
                    new String[] {"verify", export.toString(), "--trust", trust.toString()}, print, print);
            assertThat(code).as(said.toString(UTF_8)).isZero();
        }
    }

    private void download(String name, Path to) throws IOException {
        Reply reply = wire.http("GET", "/ledger/v1/" + name, administrator.headers(), new byte[0]);
        assertThat(reply.succeeded()).as("%s: %s", name, reply.status()).isTrue();
        Files.write(to, reply.body());
    }
}
