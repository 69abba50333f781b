package dev.chancery.dsar;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import com.sun.net.httpserver.HttpServer;
import dev.chancery.command.Ids;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.feature.HolderOptions;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.KeyFileSealer;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.SealContext;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Streams;
import dev.chancery.schema.dsar.v1.HolderAction;
import dev.chancery.schema.dsar.v1.HolderAsked;
import dev.chancery.schema.dsar.v1.HolderRegistered;
import dev.chancery.schema.dsar.v1.IdentityVerified;
import dev.chancery.schema.dsar.v1.RequestKind;
import dev.chancery.schema.dsar.v1.RequestReceived;
import dev.chancery.schema.options.v1.RetentionClass;
import dev.chancery.testkit.Backing;
import dev.chancery.testkit.TemporaryFile;
import dev.chancery.testkit.log.LogFixture;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests over a real log, at systems that answer and systems that hang. */
class RoundsTest {
    /** Longer than a test: what hangs, hangs. */
    private static final HolderOptions OPTIONS =
            new HolderOptions(Duration.ofSeconds(60), 3, Duration.ofMinutes(5), true);

    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final String SECRET = "00".repeat(32);

    private final Database database = Backing.database("keyring", "log", "relay", "projection", "dsar");
    private final KeyFileSealer sealer = TemporaryFile.with(KeyFileSealer::create);
    private final LogFixture fixture = new LogFixture(database, sealer);
    private final Moved moved = new Moved();
    private final CountDownLatch end = new CountDownLatch(1);
    private final AtomicInteger hanging = new AtomicInteger();

    private HttpServer system;
    private Keyring keyring;
    private RequestLog log;
    private HolderClient client;
    private Rounds rounds;

    @BeforeEach
    void anInstallationWithSystems() throws IOException {
        system = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        system.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        system.createContext("/quick", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        system.createContext("/hang", exchange -> {
            hanging.incrementAndGet();
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        });
        system.start();
        keyring = new Keyring(database, sealer);
        log = new RequestLog(fixture.appender(DatabaseRole.DSAR), new Streams(database, DatabaseRole.DSAR));
        client = new HolderClient(OPTIONS);
        rounds = new Rounds(database, new Advancer(log, keyring, client, OPTIONS), moved);
    }

    @AfterEach
    void close() {
        rounds.close();
        end.countDown();
        client.close();
        system.stop(0);
        fixture.close();
        database.close();
    }

    private void append(String tenant, StreamId stream, UUID entryId, long version, List<Message> events) {
        assertThat(fixture.append(DatabaseRole.DSAR, tenant, entryId, stream, version, events))
                .isInstanceOf(AppendResult.Appended.class);
    }

    /** @param paths of the system, one for each name */
    private void register(String tenant, Map<String, String> paths) {
        long version = 0;
        for (Map.Entry<String, String> each : paths.entrySet()) {
            UUID entryId = Ids.uuidV7();
            append(
                    tenant,
                    Holders.STREAM,
                    entryId,
                    version++,
                    List.of(HolderRegistered.newBuilder()
                            .setHolder(each.getKey())
                            .setUrl("http://127.0.0.1:" + system.getAddress().getPort() + each.getValue())
                            .setWorkspaceId(UUID.randomUUID().toString())
                            .addActions(HolderAction.HOLDER_ACTION_EXPORT)
                            .setSecret(keyring.seal(
                                    new SealContext(
                                            tenant,
                                            "",
                                            RetentionClass.RETENTION_CLASS_AUDIT,
                                            entryId,
                                            HolderRegistered.getDescriptor().getFullName(),
                                            "secret"),
                                    SECRET))
                            .build()));
        }
    }

    /** A verified request whose copy is asked for at one system, on the log and, as the projection has it, on the list. */
    private String request(String tenant, String holder) {
        String id = Ids.uuidV7().toString();
        append(
                tenant,
                Request.stream(id),
                Ids.uuidV7(),
                0,
                List.of(
                        RequestReceived.newBuilder()
                                .setRequestId(id)
                                .setSubjectId(UUID.randomUUID().toString())
                                .setKind(RequestKind.REQUEST_KIND_ACCESS)
                                .setRegime("gdpr")
                                .setTimeZone("UTC")
                                .build(),
                        IdentityVerified.newBuilder()
                                .setRequestId(id)
                                .setMethod("passport")
                                .build(),
                        HolderAsked.newBuilder()
                                .setRequestId(id)
                                .setTaskId(UUID.randomUUID().toString())
                                .setHolder(holder)
                                .setAction(HolderAction.HOLDER_ACTION_EXPORT)
                                .build()));
        database.inTenant(DatabaseRole.DSAR, tenant, connection -> {
            try (var insert = connection.prepareStatement(
                    "INSERT INTO dsar.request (tenant, request, subject, kind, regime, state, received_micros,"
                            + " due_micros, acknowledged, extended, hold_ids, received_position, position) VALUES (?,"
                            + " ?::uuid, gen_random_uuid(), 1, 'gdpr', 2, 1, ?, false, false, '{}', 1, 1)")) {
                insert.setString(1, tenant);
                insert.setString(2, id);
                insert.setLong(3, Long.MAX_VALUE);
                return insert.executeUpdate();
            }
        });
        return id;
    }

    private void listed(String tenant) {
        moved.note(tenant);
        moved.committed(tenant);
    }

    private boolean isAnswered(String tenant, String request) {
        return log.request(tenant, request).state().tasksInOrder().stream().allMatch(Task::isDone);
    }

    private static void await(String what, BooleanSupplier holds) throws InterruptedException {
        long begun = System.nanoTime();
        while (!holds.getAsBoolean()) {
            assertThat(System.nanoTime() - begun).as(what).isLessThan(PATIENCE.toNanos());
            Thread.sleep(20);
        }
    }

    /** As many requests wait at its systems as it may have at work, and more would. */
    private void hangs(String tenant, int systems) throws InterruptedException {
        var paths = new java.util.TreeMap<String, String>();
        for (int i = 0; i < systems; i++) {
            paths.put("hangs-" + i, "/hang");
        }
        register(tenant, paths);
        for (int i = 0; i < systems * Advancer.MAX_AT_A_HOLDER; i++) {
            request(tenant, "hangs-" + i % systems);
        }
        int before = hanging.get();
        listed(tenant);
        await("requests that hang", () -> hanging.get() - before >= Rounds.MAX_OF_ONE);
        var seen = new AtomicInteger();
        await("no more of them", () -> {
            try {
                Thread.sleep(1_000);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return seen.getAndSet(hanging.get()) == hanging.get();
        });
    }

    @Test
    void systemsOfOneOrganisationThatHangHoldUpNoOther() throws InterruptedException {
        String stuck = fixture.organisation();
        String other = fixture.organisation();
        rounds.start();
        hangs(stuck, 20);
        assertThat(hanging.get()).isEqualTo(Rounds.MAX_OF_ONE);

        register(other, Map.of("quick", "/quick"));
        String request = request(other, "quick");
        listed(other);

        await("the other organisation's request", () -> isAnswered(other, request));
    }

    @Test
    void aThousandRequestsAdvanceThoughOneSystemHangs() throws InterruptedException {
        String tenant = fixture.organisation();
        register(tenant, new java.util.TreeMap<>(Map.of("hangs", "/hang", "quick", "/quick")));
        List<String> answered = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            String request = request(tenant, i % 20 == 0 ? "hangs" : "quick");
            if (i % 20 != 0) {
                answered.add(request);
            }
        }
        rounds.start();
        listed(tenant);

        await("950 requests", () -> answered.stream().allMatch(request -> isAnswered(tenant, request)));
    }
}
