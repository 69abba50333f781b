package dev.chancery.quickstart.atrest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.authzen.OrganisationCalls;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.schema.access.v1.DefineRoleRequest;
import dev.chancery.schema.rbac.v1.ListRolesRequest;
import dev.chancery.story.ClearText;
import dev.chancery.story.ClearText.Found;
import dev.chancery.testkit.LongTest;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/**
 * 200 values of secrets through every path that the vault has for them, those that fail too; and none is in anything that the instance
 * stores, logs, exports or tells: not in PostgreSQL's tables and write-ahead log, not in Kafka's segments, not in its output, an answer other
 * than a read that was granted, its metrics or its health. It writes no traces. What is planted in these places is found.
 */
@LongTest
@Order(52)
class CanariesIT {
    private static final int CANARIES = 200;

    private final RunningInstance instance = RunningInstance.start(RunningInstance.newDirectory("canaries"));
    private final SharedInstance shared = SharedInstance.on(instance);
    private final StoredInstance stored = new StoredInstance(shared);
    private final Path all = instance.data().getParent();
    private final Path answers = all.resolve("answers");
    private final Path pages = all.resolve("pages");
    private final Canaries canaries = new Canaries(answers);

    @AfterEach
    void stop() {
        shared.close();
        instance.close();
    }

    @Test
    void noValueOfASecretLiesInClearAndWhatIsPlantedIsFound() throws Exception {
        String role = plantedByAPerson();
        new TestSecrets(shared, canaries).live(CANARIES);
        assertThat(canaries.count()).isGreaterThanOrEqualTo(CANARIES);
        Path export = stored.verifies(shared.a);
        readPages();
        stored.checkpoint();
        nothingIsFound();
        assertThat(instance.stop()).as("exit code after TERM").isIn(0, 143);
        nothingIsFound();

        ClearText planted = ClearText.of(List.of(role));
        for (Path place : List.of(
                instance.data().resolve("postgres/data/base"),
                instance.data().resolve("postgres/data/pg_wal"),
                instance.data().resolve("kafka/data"),
                export)) {
            assertThat(planted.below(place).found()).as("in %s", place).isNotEmpty();
        }
        assertThat(planted.in(answers)).isNotEmpty();
        plantedInTexts();
        System.out.printf("canaries: %d, in none of %s%n", canaries.count(), all);
    }

    /** Somebody takes a secret for a role's name, which is no secret: it is where names are. */
    private String plantedByAPerson() {
        var calls = new OrganisationCalls(shared);
        String role = "planted-" + UUID.randomUUID();
        String position = calls.done(
                        shared.a, DefineRoleRequest.newBuilder().setRole(role).addCapabilities("role:read"))
                .position();
        Map<String, String> headers = new LinkedHashMap<>(shared.a.headers());
        headers.put("Chancery-Position", position);
        Reply roles = shared.wire.rest(
                shared.method("chancery.rbac.v1.RbacService/ListRoles"),
                ListRolesRequest.getDefaultInstance(),
                headers);
        assertThat(canaries.answered(roles).succeeded()).as("%s", roles).isTrue();
        return role;
    }

    private void readPages() throws IOException {
        for (String page : List.of("/metrics", "/q/health", "/q/health/ready")) {
            Reply reply =
                    shared.wire.http("GET", page, shared.renewed(shared.owner).headers(), new byte[0]);
            assertThat(reply.succeeded()).as("%s: %s", page, reply).isTrue();
            Files.writeString(pages, reply.text(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    /** Beside the data directory lie its key file, all output of its processes, an export, and what was kept of its answers. */
    private void nothingIsFound() throws IOException {
        assertThat(instance.outputs()).allMatch(output -> output.startsWith(all));
        assertThat(canaries.search().below(all).found())
                .extracting(Found::place)
                .isEmpty();
    }

    /** One line each, as whoever writes these texts would write it: in each the search finds one value, and no other. */
    private void plantedInTexts() throws IOException {
        List<Path> texts = Stream.concat(
                        Stream.of(
                                answers,
                                pages,
                                instance.data().resolve("postgres").resolve("postgresql.log")),
                        instance.outputs().stream())
                .toList();
        assertThat(texts).hasSizeGreaterThanOrEqualTo(5);
        for (Path text : texts) {
            String value = canaries.next();
            ClearText search = canaries.search();
            for (String line : List.of(
                    value,
                    new JsonObject().put("message", value).encode(),
                    Base64.getEncoder().encodeToString(value.getBytes(UTF_8)),
                    HexFormat.of().formatHex(value.getBytes(UTF_8)))) {
                byte[] before = Files.readAllBytes(text);
                Files.writeString(text, line + "\n", StandardOpenOption.APPEND);
                assertThat(search.in(text))
                        .as("%s", text)
                        .isNotEmpty()
                        .allMatch(found -> value.contains(found.spelling().value()));
                Files.write(text, before);
            }
        }
    }
}
