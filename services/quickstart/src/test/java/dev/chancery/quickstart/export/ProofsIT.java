package dev.chancery.quickstart.export;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.chancery.database.DatabaseRole;
import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Api;
import dev.chancery.quickstart.instance.LogRecords;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.access.v1.ProveDecisionRequest;
import dev.chancery.schema.ledger.v1.GetCheckpointRequest;
import dev.chancery.schema.ledger.v1.GetConsistencyProofRequest;
import dev.chancery.schema.ledger.v1.GetDecisionProofRequest;
import dev.chancery.schema.ledger.v1.GetInclusionProofRequest;
import dev.chancery.schema.log.v1.Statement;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Proofs as an instance serves them, over both apis, and what the auditor says to them without the log. */
@Order(59)
class ProofsIT {
    private static final Duration CHECKPOINT_LIMIT = Duration.ofSeconds(60);
    private static final String LEDGER = "chancery.ledger.v1.LedgerService/";

    private static final SharedInstance WORLD = SharedInstance.shared();
    private static final Path HOME = RunningInstance.newDirectory("proofs");
    private static JsonObject older = new JsonObject();

    @BeforeAll
    static void keepACheckpointAndGoOn() throws IOException {
        Files.createDirectories(HOME);
        older = head();
        Files.writeString(HOME.resolve("from"), older.getString("checkpoint"));
        Files.write(
                HOME.resolve("trust"),
                older.getJsonArray("verifierKeys").stream().map(String::valueOf).toList());
        ContractMethod create = WORLD.method("chancery.identity.v1.IdentityService/CreateWorkspace");
        Reply reply = WORLD.wire.rest(create, WORLD.requests.example(create, WORLD.a), WORLD.a.headers());
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        assertThat(RunningInstance.await(CHECKPOINT_LIMIT, () -> size(head()) > size(older) && isWhole(head())))
                .isTrue();
    }

    @Test
    void eachRecordIsProvenOverBothApis() throws IOException {
        long size = size(head());
        for (Api api : Api.values()) {
            for (long position = 0; position < Math.min(size, 40); position++) {
                Files.writeString(HOME.resolve("proof"), proof(api, inclusion(position, 0)));
                assertThat(audit("proof")).endsWith("\nPROVEN\n").contains("position    " + position + "\n");
            }
            Files.writeString(HOME.resolve("proof"), proof(api, inclusion(0, size(older))));
            assertThat(audit("proof")).endsWith("\nPROVEN\n").contains("size        " + size(older) + "\n");
        }
    }

    @Test
    void theLogGrewFromTheCheckpointThatWasKept() throws IOException {
        for (Api api : Api.values()) {
            Files.writeString(HOME.resolve("proof"), proof(api, consistency(size(older), 0)));
            assertThat(audit("consistency", "--from", HOME.resolve("from").toString()))
                    .endsWith("\nPROVEN\n")
                    .contains("from        " + size(older) + " records, signed by");
        }
    }

    @Test
    void whatIsNotThereIsRefusedWithItsCode() {
        for (Api api : Api.values()) {
            refused(api, WORLD.a, inclusion(1L << 40, 0), "ledger.no-such-position");
            refused(api, WORLD.a, inclusion(-1, 0), "ledger.no-such-position");
            refused(api, WORLD.a, inclusion(0, 1L << 40), "ledger.no-such-checkpoint");
            refused(api, WORLD.a, consistency(1L << 40, 0), "ledger.old-size-larger");
            refused(api, WORLD.a, GetInclusionProofRequest.getDefaultInstance(), "request.invalid-field");
            refused(api, WORLD.a, GetConsistencyProofRequest.getDefaultInstance(), "request.invalid-field");
        }
    }

    @Test
    void anotherOrganisationsRecordsAreNotProven() throws IOException {
        Files.writeString(HOME.resolve("proof"), proof(Api.REST, WORLD.b, inclusion(0, 0)));
        assertThat(audit(
                        "proof",
                        "--origin",
                        older.getString("checkpoint").lines().findFirst().orElseThrow()))
                .contains("NOT PROVEN", "[another-log]");
    }

    @Test
    void whoReadsTheLedgerProvesRecordsAndReadsNone() {
        var calls = new OrganisationCalls(WORLD);
        Client reader = ready(calls.somebody(WORLD.a, "ledger:read"));
        String decision = calls.done(
                        WORLD.a,
                        ProveDecisionRequest.newBuilder()
                                .setPrincipalId(OrganisationCalls.id(WORLD.a))
                                .setCapability("role:read"))
                .position();
        long decided = Long.parseLong(decision.substring(decision.indexOf('@') + 1));
        var asked = GetDecisionProofRequest.newBuilder().setPosition(decided).build();
        assertThat(RunningInstance.await(
                        CHECKPOINT_LIMIT, () -> call(Api.REST, WORLD.a, asked).succeeded()))
                .isTrue();
        for (Api api : Api.values()) {
            for (long position : new long[] {0, 1, decided}) {
                assertThat(proof(api, reader, inclusion(position, 0)))
                        .startsWith("c2sp.org/tlog-proof@v1\nindex " + position + "\n");
            }
            refused(api, reader, asked, "auth.forbidden");
        }
        assertThat(WORLD.wire
                        .http("GET", "/ledger/v1/tile/entries/000.p/1", reader.headers(), new byte[0])
                        .code())
                .isEqualTo("auth.forbidden");
        // What it asked for itself is its own.
        assertThat(proof(Api.REST, WORLD.a, inclusion(decided, 0))).contains("\nextra ");
    }

    @Test
    void copiesAreInTheLogOnceASessionAndCachesKeepThemByToken() {
        Client exporter = ready(new OrganisationCalls(WORLD).somebody(WORLD.a, "ledger:read", "ledger:export"));
        for (String file : List.of("tile/0/000.p/1", "tile/entries/000.p/1", "bodies/000.p/1")) {
            Reply reply = WORLD.wire.http("GET", "/ledger/v1/" + file, exporter.headers(), new byte[0]);
            assertThat(reply.succeeded()).as("%s", reply).isTrue();
            assertThat(reply.header("vary")).isEqualTo("Authorization");
            assertThat(reply.header("cache-control")).startsWith("private");
        }
        assertThat(proof(Api.GRPC, exporter, inclusion(0, 0))).contains("\nextra ");
        assertThat(copiesBy(OrganisationCalls.id(exporter))).isEqualTo(1);
    }

    /** Its role is seen a moment after it was assigned. */
    private static Client ready(Client client) {
        assertThat(RunningInstance.await(
                        CHECKPOINT_LIMIT, () -> call(Api.REST, client, GetCheckpointRequest.getDefaultInstance())
                                .succeeded()))
                .isTrue();
        return client;
    }

    private static long copiesBy(String principal) {
        return WORLD.inside.database().transaction(DatabaseRole.RELAY, connection -> {
            try (var query = connection.prepareStatement(
                    "SELECT record FROM log.record WHERE tenant = ? AND feature = 'ledger'")) {
                query.setString(1, WORLD.a.tenant());
                long found = 0;
                try (var rows = query.executeQuery()) {
                    while (rows.next()) {
                        Statement statement = LogRecords.statement(rows.getBytes(1));
                        assertThat(statement.getAction()).isEqualTo("ledger.log.export");
                        found += statement.getActor().getId().equals(principal) ? 1 : 0;
                    }
                }
                return found;
            }
        });
    }

    private static boolean isWhole(JsonObject head) {
        return size(head) == Long.parseLong(head.getString("records"));
    }

    private static long size(JsonObject head) {
        return Long.parseLong(head.getString("size"));
    }

    private static JsonObject head() {
        return call(Api.REST, WORLD.a, GetCheckpointRequest.getDefaultInstance())
                .json();
    }

    private static Message inclusion(long position, long size) {
        return GetInclusionProofRequest.newBuilder()
                .setPosition(position)
                .setTreeSize(size)
                .build();
    }

    private static Message consistency(long older, long size) {
        return GetConsistencyProofRequest.newBuilder()
                .setOldSize(older)
                .setTreeSize(size)
                .build();
    }

    private static void refused(Api api, Client caller, Message request, String code) {
        assertThat(call(api, caller, request).code()).isEqualTo(code);
    }

    private static String proof(Api api, Message request) {
        return proof(api, WORLD.a, request);
    }

    private static String proof(Api api, Client caller, Message request) {
        Reply reply = call(api, caller, request);
        assertThat(reply.succeeded()).as("%s", reply).isTrue();
        return reply.json().getString("proof");
    }

    private static Reply call(Api api, Client caller, Message request) {
        String method = request.getDescriptorForType().getName().replace("Request", "");
        return api.call(WORLD.wire, WORLD.method(LEDGER + method), request, caller.headers());
    }

    private static String audit(String command, String... more) {
        var out = new ByteArrayOutputStream();
        var print = new PrintStream(out, true, UTF_8);
        List<String> arguments = new ArrayList<>(List.of(
                command,
                "--proof",
                HOME.resolve("proof").toString(),
                "--trust",
                HOME.resolve("trust").toString()));
        arguments.addAll(List.of(more));
        dev.chancery.auditor.Main.run(arguments.toArray(String[]::new), print, print);
        return out.toString(UTF_8);
    }
}
