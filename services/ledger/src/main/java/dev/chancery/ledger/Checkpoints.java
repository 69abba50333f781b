package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Signs heads and publishes them. A head is signed after the transaction that grew the tree to it, in one that locks it; the
 * signature is committed before anybody sees it; and it is the only one for its size for ever, whichever process asks.
 *
 * <p>Every signed head is published at least once, smaller sizes first: what Kafka has acknowledged is written down with the next
 * signature, so a crash repeats the last one or two rather than lose one. What Kafka acknowledged and lost all the same (see
 * {@code KafkaSettings}) isn't published again: a later checkpoint covers it, and the ledger serves it from its own table. A size that the tree grew past while a signature was
 * under way gets none, so there are no more signatures than the signer keeps up with.
 *
 * <p><b>Thread safety:</b> safe, also against other processes on this database.
 */
public final class Checkpoints {
    /** Checkpoints that are published before the head is looked at again. */
    private static final int PUBLISHED_AT_ONCE = 256;

    private final Database database;
    private final String instanceId;
    private final NoteSigner signer;
    private final CheckpointPublisher publisher;
    private final LedgerTables tables = new LedgerTables("ledger");

    /** By tenant, the size up to which Kafka has acknowledged checkpoints to this process. */
    private final Map<String, Long> acknowledged = new ConcurrentHashMap<>();

    public Checkpoints(Database database, String instanceId, NoteSigner signer, CheckpointPublisher publisher) {
        this.database = database;
        this.instanceId = instanceId;
        this.signer = signer;
        this.publisher = publisher;
    }

    /** Every tenant that may have a head to sign. */
    List<String> tenants() {
        return database.transaction(DatabaseRole.LEDGER, tables::tenants);
    }

    /**
     * Brings the tenant's checkpoint to its head: signs it unless it is signed, and publishes what may not have been. Does nothing
     * for a log without records.
     */
    public void bring(String tenant) {
        String origin = Origin.of(instanceId, tenant);
        List<SignedHead> unpublished;
        do {
            unpublished =
                    database.inTenant(DatabaseRole.LEDGER, tenant, connection -> sign(connection, tenant, origin));
            for (SignedHead checkpoint : unpublished) {
                publisher.publish(origin, checkpoint.note());
                acknowledged.merge(tenant, checkpoint.size(), Math::max);
            }
        } while (unpublished.size() == PUBLISHED_AT_ONCE);
    }

    private List<SignedHead> sign(Connection connection, String tenant, String origin) throws SQLException {
        Optional<Head> locked = tables.lockHead(connection, tenant, origin);
        if (locked.isEmpty() || locked.get().size() == 0) {
            return List.of();
        }
        Head head = locked.get();
        if (tables.checkpoint(connection, tenant, head.size()).isEmpty()) {
            String text =
                    origin + "\n" + head.size() + "\n" + Base64.getEncoder().encodeToString(head.root()) + "\n";
            byte[] note = signer.sign(origin, text).getBytes(UTF_8);
            tables.insertCheckpoint(connection, tenant, new SignedHead(head.size(), head.root(), note));
        }
        long published = Math.max(head.publishedSize(), acknowledged.getOrDefault(tenant, 0L));
        if (published > head.publishedSize()) {
            tables.recordPublished(connection, tenant, published);
        }
        return tables.checkpointsAbove(connection, tenant, published, PUBLISHED_AT_ONCE);
    }
}
