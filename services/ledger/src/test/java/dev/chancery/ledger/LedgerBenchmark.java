package dev.chancery.ledger;

import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.LogRecord;
import dev.chancery.projection.MalformedRecord;
import dev.chancery.testkit.Backing;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Drains records into the ledger as its consumer does, without Kafka: parse, apply, note the position, commit; checkpoints are
 * signed beside it and published to nobody. PostgreSQL is the durable one, on this machine.
 *
 * <p>Run by name; how in docs/reference/performance.md.
 */
final class LedgerBenchmark {
    @Test
    void measures() throws MalformedRecord {
        int records = Integer.getInteger("chancery.bench.records", 300_000);
        int runRecords = Integer.getInteger("chancery.bench.run", 1_000);
        int warmUp = Integer.getInteger("chancery.bench.warmup", 60_000);
        var published = new AtomicInteger();
        try (Database database = Backing.database("projection", "ledger")) {
            var key = new LogKey();
            var checkpoints =
                    new Checkpoints(database, Records.INSTANCE, key, (origin, note) -> published.incrementAndGet());
            try (var worker = new CheckpointWorker(checkpoints)) {
                worker.start();
                var projection = new LedgerProjection(Records.INSTANCE, worker::due);
                List<byte[]> values = new ArrayList<>(records);
                long bytes = 0;
                for (int n = 0; n < warmUp + records; n++) {
                    LogRecord record = Records.at(Records.TENANT, n);
                    values.add(dev.chancery.schema.log.v1.Record.newBuilder()
                            .setEntry(ByteString.copyFrom(record.entry()))
                            .addAllBodies(record.bodies())
                            .build()
                            .toByteArray());
                    bytes += values.getLast().length;
                }
                drain(database, projection, values, 0, warmUp, runRecords);
                published.set(0);
                long begin = System.nanoTime();
                drain(database, projection, values, warmUp, warmUp + records, runRecords);
                double seconds = (System.nanoTime() - begin) / 1e9;
                System.out.printf(
                        "%,.0f entries/s; records=%d run=%d record_bytes=%d checkpoints=%d seconds=%.2f%n",
                        records / seconds, records, runRecords, bytes / values.size(), published.get(), seconds);
                System.out.printf(
                        "cores=%d arch=%s java=%s heap_mib=%d%n",
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.arch"),
                        System.getProperty("java.version"),
                        Runtime.getRuntime().maxMemory() >> 20);
            }
        }
    }

    private static void drain(
            Database database,
            LedgerProjection projection,
            List<byte[]> values,
            int first,
            int beforeLast,
            int runRecords)
            throws MalformedRecord {
        for (int from = first; from < beforeLast; from += runRecords) {
            int to = Math.min(beforeLast, from + runRecords);
            var run = new ArrayList<LogRecord>(runRecords);
            for (int n = from; n < to; n++) {
                run.add(LogRecord.parse(Records.TENANT, values.get(n), 0, n));
            }
            database.inTenant(DatabaseRole.LEDGER, Records.TENANT, connection -> {
                projection.apply(connection, Records.TENANT, run);
                try (var upsert = connection.prepareStatement("INSERT INTO ledger.position (tenant, position)"
                        + " VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET position = excluded.position")) {
                    upsert.setString(1, Records.TENANT);
                    upsert.setLong(2, run.getLast().position());
                    return upsert.executeUpdate();
                }
            });
            projection.committed(Records.TENANT, to - 1);
        }
    }
}
