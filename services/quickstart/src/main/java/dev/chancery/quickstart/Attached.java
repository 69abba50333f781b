package dev.chancery.quickstart;

import dev.chancery.app.configuration.Unusable;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseAccess;
import dev.chancery.keyring.Sealer;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/** The servers of an instance that runs in another process, found through its data directory. */
final class Attached implements AutoCloseable {
    private static final int CONNECTIONS_A_ROLE = 3;

    /** Line of {@code postmaster.pid} that holds the port (PostgreSQL, miscadmin.h). */
    private static final int PORT_LINE = 3;

    private final String instanceId;
    private final Database database;
    private final String bootstrapServers;
    private final Sealer sealer;

    private Attached(String instanceId, Database database, String bootstrapServers, Sealer sealer) {
        this.instanceId = instanceId;
        this.database = database;
        this.bootstrapServers = bootstrapServers;
        this.sealer = sealer;
    }

    static Attached to(Path data) {
        try {
            DataDirectory.Identity identity = DataDirectory.identity(data);
            JsonObject run = run(data);
            return new Attached(
                    identity.instanceId(),
                    Database.pooled(
                            DatabaseAccess.byPassword(
                                    "127.0.0.1", postgresPort(data), Servers.DATABASE, role -> identity.sealer()
                                            .derive("postgres/" + role.roleName())),
                            CONNECTIONS_A_ROLE),
                    run.getString("kafka"),
                    identity.sealer());
        } catch (IOException | JsonException | IndexOutOfBoundsException | NumberFormatException e) {
            throw new Unusable("an instance holds " + data + " but is not ready; try again once it is");
        }
    }

    private static JsonObject run(Path data) throws IOException {
        try (var reader = Json.createReader(new StringReader(Files.readString(data.resolve("run.json"))))) {
            return reader.readObject();
        }
    }

    static int postgresPort(Path data) throws IOException {
        List<String> postmaster =
                Files.readAllLines(data.resolve("postgres").resolve("data").resolve("postmaster.pid"));
        return Integer.parseInt(postmaster.get(PORT_LINE).strip());
    }

    String instanceId() {
        return instanceId;
    }

    Sealer sealer() {
        return sealer;
    }

    Database database() {
        return database;
    }

    Properties kafkaClient(String user) {
        return KafkaUsers.client(bootstrapServers, user, sealer);
    }

    @Override
    public void close() {
        database.close();
    }
}
