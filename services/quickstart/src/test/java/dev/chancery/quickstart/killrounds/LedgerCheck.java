package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.cli.export.Export;
import dev.chancery.cli.export.LedgerClient;
import dev.chancery.quickstart.instance.RunningInstance;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** One log's ledger, judged by the auditor, which shares no code with what wrote it. */
final class LedgerCheck {
    private static final Duration CATCH_UP_LIMIT = Duration.ofSeconds(60);

    private final SignedInClient client;
    private final Path trust;
    private final Path exports;

    /** Takes the verifier keys as they are now: later exports are held against them. */
    LedgerCheck(SignedInClient client, Path directory) throws IOException, Refused {
        this.client = client;
        this.trust = directory.resolve(client.tenant() + ".vkey");
        this.exports = directory;
        Files.createDirectories(directory);
        Files.write(trust, client().verifierKeys());
    }

    private LedgerClient client() {
        return new LedgerClient(client.rest(), client.signIn());
    }

    /** The checkpoint reaches the log's size, and the auditor finds an export of it intact. */
    void intact(long size) throws IOException, Refused {
        assertThat(RunningInstance.await(CATCH_UP_LIMIT, () -> checkpointSize() >= size))
                .as("checkpoint of %s reaches %d", client.tenant(), size)
                .isTrue();
        Path out = exports.resolve(client.tenant());
        assertThat(Export.write(client(), out).size())
                .as("entries of %s", client.tenant())
                .isGreaterThanOrEqualTo(size);
        var said = new ByteArrayOutputStream();
        try (var print = new PrintStream(said, true, StandardCharsets.UTF_8)) {
            int code = dev.chancery.auditor.Main.run(
                    new String[] {"verify", out.toString(), "--trust", trust.toString()}, print, print);
            assertThat(code)
                    .as("the auditor on %s: %s", client.tenant(), said.toString(StandardCharsets.UTF_8))
                    .isZero();
        }
    }

    private long checkpointSize() {
        try {
            return client().size();
        } catch (Refused | Unreachable e) {
            return -1;
        }
    }
}
