package dev.chancery.ledger;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.projection.TopicPublisher;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;

/** Compares {@code ledger.checkpoints.v1} with the checkpoints that were signed, and publishes again what it lacks, smaller sizes first. */
final class CheckpointRepair {
    private static final int PAGE = 256;

    private final Database database;
    private final String instanceId;
    private final Properties kafka;
    private final LedgerTables tables = new LedgerTables("ledger");

    CheckpointRepair(Database database, String instanceId, Properties kafka) {
        this.database = database;
        this.instanceId = instanceId;
        this.kafka = kafka;
    }

    /** What the topic lacks, a line a log. */
    List<String> findings() {
        var findings = new ArrayList<String>();
        Set<Long> published = published();
        for (String tenant : database.transaction(DatabaseRole.LEDGER, tables::tenants)) {
            int lacking = lacking(tenant, published).size();
            if (lacking > 0) {
                findings.add(LedgerFeature.CHECKPOINT_TOPIC + " lacks " + lacking + " checkpoints of log " + tenant);
            }
        }
        return findings;
    }

    /** Publishes them; they are the notes that were signed, byte for byte. */
    void publish() {
        Set<Long> published = published();
        try (var publisher = new TopicPublisher(kafka, LedgerFeature.CHECKPOINT_TOPIC)) {
            for (String tenant : database.transaction(DatabaseRole.LEDGER, tables::tenants)) {
                for (byte[] note : lacking(tenant, published)) {
                    publisher.publish(Origin.of(instanceId, tenant), note);
                }
            }
        }
    }

    /** Hashes of what the topic has: the notes themselves would not fit into memory. */
    private Set<Long> published() {
        var published = new HashSet<Long>();
        TopicPublisher.read(kafka, LedgerFeature.CHECKPOINT_TOPIC, note -> published.add(hash(note)));
        return published;
    }

    private List<byte[]> lacking(String tenant, Set<Long> published) {
        var lacking = new ArrayList<byte[]>();
        long[] after = {0};
        List<SignedHead> page;
        do {
            page = database.inTenant(
                    DatabaseRole.LEDGER,
                    tenant,
                    connection -> tables.checkpointsAbove(connection, tenant, after[0], PAGE));
            for (SignedHead checkpoint : page) {
                after[0] = checkpoint.size();
                if (!published.contains(hash(checkpoint.note()))) {
                    lacking.add(checkpoint.note());
                }
            }
        } while (page.size() == PAGE);
        return lacking;
    }

    private static long hash(byte[] note) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(note))
                    .getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
