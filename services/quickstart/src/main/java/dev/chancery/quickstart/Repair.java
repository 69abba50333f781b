package dev.chancery.quickstart;

import dev.chancery.app.Application;
import dev.chancery.app.configuration.Unusable;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.embedded.EmbeddedKafka;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.feature.ProcessRole;
import dev.chancery.kernel.Principal;
import dev.chancery.log.ServerInStep;
import dev.chancery.log.StoppedLogs;
import dev.chancery.projection.ProjectionRepair;
import dev.chancery.relay.Relay;
import dev.chancery.relay.RelayOptions;
import dev.chancery.relay.TopicRepair;
import jakarta.json.Json;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * {@code chancery repair}: makes Kafka's topics anew out of PostgreSQL where they lack something, or have something that is in no log, and
 * lets what had stopped because of it go on. On a stopped instance, with its key file. Without {@code --apply} it says what it found, and
 * changes nothing.
 */
final class Repair {
    /** How long a repair may take. */
    private static final long LIMIT_SECONDS = TimeUnit.HOURS.toSeconds(6);

    /** Kafka trusts its segments where it finds this file, and reads them all where it doesn't. */
    private static final String CLEAN_SHUTDOWN = "data/.kafka_cleanshutdown";

    private final DataDirectory data;
    private final Servers servers;
    private final Database database;

    private Repair(DataDirectory data, Servers servers, Database database) {
        this.data = data;
        this.servers = servers;
        this.database = database;
    }

    /** Answers whether nothing is left to repair. */
    static boolean run(Options options) {
        try (DataDirectory data = DataDirectory.open(options.data(), false)) {
            if (options.has("--apply")) {
                Files.deleteIfExists(data.kafka().resolve(CLEAN_SHUTDOWN));
            }
            try (Servers servers = Servers.start(data);
                    Database database = servers.pooled()) {
                Application.migrate(database);
                return new Repair(data, servers, database).run(options.has("--apply"));
            }
        } catch (IOException e) {
            throw new Unusable("can't use " + options.data() + ": " + DataDirectory.reason(e));
        }
    }

    private boolean run(boolean apply) throws IOException {
        var topic = new TopicRepair(
                database, servers.kafkaClient(EmbeddedKafka.ADMINISTRATOR), RelayOptions.defaults(Servers.DATABASE));
        List<String> findings;
        try (var aside = new Aside(data.directory(), apply)) {
            findings = new ArrayList<>(topic.findings(aside));
            aside.path().ifPresent(path -> System.out.println("put aside: " + path));
        }
        List<ProjectionRepair> views = views();
        views.forEach(view -> findings.addAll(view.findings()));
        boolean log = !findings.isEmpty();
        findings.addAll(features(false));
        findings.forEach(finding -> System.out.println((apply ? "repairing: " : "found: ") + finding));
        if (findings.isEmpty()) {
            System.out.println("NOTHING TO REPAIR");
            return true;
        }
        if (!apply) {
            System.out.println("`./chancery repair --apply --data " + data.directory() + "` repairs it");
            return false;
        }
        if (topic.contradictions() > 0) {
            throw new Unusable("nothing was repaired: what Kafka has is all there is of records that this installation"
                    + " signed; was PostgreSQL restored from a backup? See docs/how-to/repair.md");
        }
        return repair(topic, log ? views : List.of(), log, findings);
    }

    private boolean repair(TopicRepair topic, List<ProjectionRepair> views, boolean log, List<String> findings) {
        letAppendsIn();
        List<String> left = new ArrayList<>();
        try (var record = new InstanceRecord(
                InstanceRecord.Act.REPAIR, database, data.instanceId(), data.sealer(), findings, LIMIT_SECONDS)) {
            try {
                if (log) {
                    topic.forget();
                    views.forEach(ProjectionRepair::startAgain);
                }
                relay();
                features(true);
                left.addAll(topic.findings(message -> {}));
                left.addAll(features(false));
            } catch (RuntimeException e) {
                record.end(false);
                throw e;
            }
            record.end(left.isEmpty());
        }
        left.forEach(finding -> System.out.println("left: " + finding));
        System.out.println(left.isEmpty() ? "REPAIRED" : "NOT REPAIRED");
        return left.isEmpty();
    }

    /** The relay may have refused to run, or the installation's own log be stopped: the repair is recorded all the same. */
    private void letAppendsIn() {
        switch (ServerInStep.compare(database)) {
            case FIRST, SAME -> ServerInStep.confirm(database);
            case OTHER_SERVER, OTHER_TIMELINE ->
                throw new Unusable(
                        "PostgreSQL is not the one that Kafka was filled from, or was restored since: what Kafka"
                                + " has may be all there is of some records, so nothing was repaired; see docs/how-to/repair.md");
        }
        StoppedLogs.goOn(database, Principal.INSTANCE);
    }

    private List<ProjectionRepair> views() {
        List<String> tenants = database.transaction(DatabaseRole.RELAY, connection -> {
            var found = new ArrayList<String>();
            try (var query = connection.prepareStatement("SELECT tenant FROM log.head ORDER BY tenant");
                    var rows = query.executeQuery()) {
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
            }
            return found;
        });
        return FeatureDescription.all().stream()
                .filter(feature -> feature.projection().isPresent())
                .map(feature -> new ProjectionRepair(database, feature.name(), tenants))
                .toList();
    }

    private List<String> features(boolean apply) {
        return FeatureDescription.all().stream()
                .flatMap(
                        feature -> feature
                                .repairTopics(
                                        database, data.instanceId(), servers.kafkaClient(feature.process()), apply)
                                .stream())
                .toList();
    }

    /** Sends every record, as the instance itself would. */
    private void relay() {
        try (var relay =
                new Relay(database, servers.kafkaClient(ProcessRole.RELAY), RelayOptions.defaults(Servers.DATABASE))) {
            relay.start();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
            while (!relay.healthy() || relay.lagRecords() > 0) {
                if (relay.refusal().isPresent()) {
                    throw new Unusable(relay.refusal().get());
                }
                if (System.nanoTime() > deadline) {
                    throw new Unusable("the log did not reach Kafka in time; run repair again");
                }
                Thread.sleep(50);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unusable("interrupted; run repair again");
        }
    }

    /** Keeps the messages that are in no log, one JSON object a line, before the topic goes. */
    private static final class Aside implements Consumer<ConsumerRecord<byte[], byte[]>>, AutoCloseable {
        private final Path file;
        private final boolean writes;
        private @Nullable BufferedWriter writer;

        Aside(Path directory, boolean writes) {
            this.file = directory.resolve("repair-" + Instant.now().toEpochMilli() + ".jsonl");
            this.writes = writes;
        }

        @Override
        public void accept(ConsumerRecord<byte[], byte[]> message) {
            if (!writes) {
                return;
            }
            try {
                if (writer == null) {
                    writer = Files.newBufferedWriter(file);
                }
                var line = Json.createObjectBuilder()
                        .add("partition", message.partition())
                        .add("offset", message.offset())
                        .add("timestamp", message.timestamp());
                if (message.key() != null) {
                    line.add("key", Base64.getEncoder().encodeToString(message.key()));
                }
                if (message.value() != null) {
                    line.add("value", Base64.getEncoder().encodeToString(message.value()));
                }
                writer.write(line.build() + "\n");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        Optional<Path> path() {
            return Optional.ofNullable(writer).map(written -> file);
        }

        @Override
        public void close() throws IOException {
            if (writer != null) {
                writer.close();
            }
        }
    }
}
