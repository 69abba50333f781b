package dev.chancery.app.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.app.processes.TestClient.Caller;
import dev.chancery.app.processes.TestInstallation.Member;
import dev.chancery.cli.export.Export;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.Map;

/** A log of an installation, as its ledger gives it to a reader and an auditor takes it. */
record AuditedLog(TestInstallation installation, TestClient client, Member ledger, Caller reader) {
    private static final Duration CATCH_UP_LIMIT = Duration.ofSeconds(60);

    /** Once a checkpoint covers the log as it is. */
    Export export(Path out) throws Exception {
        long size = size();
        assertThat(TestInstallation.await(CATCH_UP_LIMIT, () -> Long.parseLong(head().getString("size", "0")) >= size))
                .as("the checkpoint reaches %d: %s", size, head())
                .isTrue();
        return Export.write(this::copy, out);
    }

    void isIntact(Path out) throws IOException {
        Path trust = out.resolveSibling("trust.vkey");
        Files.write(
                trust,
                head().getJsonArray("verifierKeys").stream()
                        .map(String::valueOf)
                        .toList());
        var said = new ByteArrayOutputStream();
        try (var print = new PrintStream(said, true, UTF_8)) {
            int code = dev.chancery.auditor.Main.run(
                    new String[] {"verify", out.toString(), "--trust", trust.toString()}, print, print);
            assertThat(code).as(said.toString(UTF_8)).isZero();
        }
    }

    long size() throws Exception {
        try (Connection superuser = installation.superuser();
                var query = superuser.prepareStatement("SELECT next_position FROM log.head WHERE tenant = ?")) {
            query.setString(1, reader.tenant());
            try (var row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    JsonObject head() {
        try {
            return client.call(
                            ledger.base(),
                            "ledger.v1.LedgerService/GetCheckpoint",
                            new JsonObject(),
                            Map.of("Authorization", "Bearer " + reader.token()))
                    .json();
        } catch (IOException e) {
            return new JsonObject().put("size", e.toString());
        }
    }

    private void copy(String name, Path to) throws IOException {
        HttpResponse<byte[]> response = client.send(
                ledger.base(),
                "GET",
                "/ledger/v1/" + name,
                Map.of("Authorization", "Bearer " + reader.token()),
                new byte[0]);
        if (response.statusCode() == 429) {
            long seconds = response.headers().firstValueAsLong("Retry-After").orElseThrow();
            TestInstallation.await(Duration.ofSeconds(seconds), () -> false);
            copy(name, to);
            return;
        }
        if (response.statusCode() != 200) {
            throw new IOException(name + ": " + response.statusCode());
        }
        Files.write(to, response.body());
    }
}
