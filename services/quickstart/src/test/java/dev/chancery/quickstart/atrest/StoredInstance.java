package dev.chancery.quickstart.atrest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.auditor.Main;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.export.Export;
import dev.chancery.quickstart.InstanceAccess;
import dev.chancery.quickstart.atrest.ForgettingAttack.Keys;
import dev.chancery.quickstart.atrest.ForgettingAttack.Lying;
import dev.chancery.quickstart.atrest.ForgettingAttack.Segments;
import dev.chancery.quickstart.instance.Reply;
import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import dev.chancery.quickstart.instance.SharedInstance.Client;
import dev.chancery.schema.ContractMethod;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** What an instance has stored, as somebody with all of its files and passwords reads it. */
final class StoredInstance {
    private static final Duration LIMIT = Duration.ofSeconds(120);

    private final SharedInstance shared;

    StoredInstance(SharedInstance shared) {
        this.shared = shared;
    }

    /** What lies sealed in Kafka's segments, once they have all that is in the log now. */
    List<Lying> lying() {
        long records =
                Long.parseLong(texts("SELECT count(*)::text FROM log.record").getFirst());
        var segments = new AtomicReference<Segments>();
        assertThat(RunningInstance.await(LIMIT, () -> {
                    segments.set(
                            ForgettingAttack.inSegments(shared.instance.data().resolve("kafka/data")));
                    return segments.get().records() >= records;
                }))
                .as("Kafka has %d records", records)
                .isTrue();
        return segments.get().lying();
    }

    /** From the first entry to the last, as the auditor sees it in an export; answers where that lies. */
    Path verifies(Client caller) throws IOException {
        ContractMethod checkpoint = shared.method("chancery.ledger.v1.LedgerService/GetCheckpoint");
        long size = Long.parseLong(
                texts("SELECT next_position::text FROM log.head WHERE tenant = '" + caller.tenant() + "'")
                        .getFirst());
        var head = new AtomicReference<JsonObject>();
        assertThat(RunningInstance.await(LIMIT, () -> {
                    head.set(shared.wire
                            .rest(checkpoint, checkpoint.requestPrototype(), caller.headers())
                            .json());
                    return Long.parseLong(head.get().getString("size", "0")) >= size;
                }))
                .as("a checkpoint of %d entries", size)
                .isTrue();
        Path export = Files.createTempDirectory(shared.instance.data().getParent(), "export-")
                .resolve("log");
        Path trust = Files.write(
                shared.instance.data().resolveSibling("trust.vkey"),
                head.get().getJsonArray("verifierKeys").stream()
                        .map(String::valueOf)
                        .toList());
        try {
            Export.write(
                    (name, to) -> {
                        Reply reply = shared.wire.http("GET", "/ledger/v1/" + name, caller.headers(), new byte[0]);
                        assertThat(reply.succeeded())
                                .as("%s: %s", name, reply.status())
                                .isTrue();
                        Files.write(to, reply.body());
                    },
                    export);
        } catch (Refused e) {
            throw new AssertionError("the export was refused", e);
        }
        var said = new ByteArrayOutputStream();
        try (var print = new PrintStream(said, true, UTF_8)) {
            int code = Main.run(new String[] {"verify", export.toString(), "--trust", trust.toString()}, print, print);
            assertThat(code).as("%s", said.toString(UTF_8)).isZero();
        }
        return export;
    }

    /** What PostgreSQL still has in memory is in its files afterwards. */
    void checkpoint() throws SQLException {
        try (var superuser = superuser("postgres");
                var statement = superuser.createStatement()) {
            statement.execute("CHECKPOINT");
        }
    }

    /** The tables of keys as they are. */
    Keys keys() throws SQLException {
        try (var superuser = superuser(shared.inside.database().name())) {
            return Keys.of(superuser);
        }
    }

    /** The first column of what a superuser reads. */
    List<String> texts(String query) {
        try (var superuser = superuser(shared.inside.database().name());
                var statement = superuser.createStatement();
                var rows = statement.executeQuery(query)) {
            List<String> texts = new ArrayList<>();
            while (rows.next()) {
                texts.add(rows.getString(1));
            }
            return texts;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private Connection superuser(String database) throws SQLException {
        return InstanceAccess.superuser(shared.instance.data(), database);
    }
}
