package dev.chancery.identity;

import static dev.chancery.identity.Requests.bearer;
import static dev.chancery.identity.Requests.offline;
import static dev.chancery.identity.Requests.reply;

import dev.chancery.feature.LedgerMode;
import dev.chancery.identity.Installation.Process;
import dev.chancery.schema.identity.v1.FindRecordsReply;
import dev.chancery.schema.identity.v1.FindRecordsRequest;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prints how many records FindRecords looks at in a second, in each mode of the ledger. Run by name; how in docs/reference/performance.md. */
class RecordSearchBenchmark {
    private static final int SIGN_INS = Integer.getInteger("chancery.bench.sign-ins", 2_000);
    private static final int ROUNDS = 4;

    @TempDir
    private Path directory;

    @Test
    void measures() throws IOException {
        for (LedgerMode mode : LedgerMode.values()) {
            Path own = Files.createDirectory(directory.resolve(mode.name()));
            try (var installation = new Installation(own)) {
                installation.mode = mode;
                Process process = installation.new Process();
                process.start();
                String client = installation.claimed(process).getClientId();
                for (int i = 0; i < SIGN_INS; i++) {
                    reply(
                            IssueTokenReply.class,
                            process.call(
                                    "IssueToken",
                                    offline(installation.owner.assertion(client)),
                                    Requests.from("203.0.113." + i % 250)));
                }
                for (int round = 0; round < ROUNDS; round++) {
                    search(mode, installation, process, client);
                }
            }
        }
    }

    private static void search(LedgerMode mode, Installation installation, Process process, String client) {
        var caller = bearer(process.token(client));
        long records = installation.head(Installation.INSTANCE);
        long began = System.nanoTime();
        FindRecordsReply found = reply(
                FindRecordsReply.class,
                process.call(
                        "FindRecords",
                        FindRecordsRequest.newBuilder()
                                .setAddress("198.51.100.20")
                                .setReason("A measurement")
                                .build(),
                        caller));
        double seconds = (System.nanoTime() - began) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "%s: %,d records in %.2f s: %,.0f records/s; to the end %b%n",
                mode,
                records,
                seconds,
                records / seconds,
                found.getNextBefore() == 0);
    }
}
