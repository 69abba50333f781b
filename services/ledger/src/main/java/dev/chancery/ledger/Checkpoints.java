package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Signs heads and publishes them. A head is signed after the transaction that grew the tree to it, in one that locks it; the
 * signature is committed before anybody sees it; and it is the only one for its size for ever, whichever process asks.
 *
 * <p>Every signed head is published at least once, smaller sizes first: what Kafka has acknowledged is written down with the next
 * signature, so a crash repeats the last one or two rather than lose one. A checkpoint that Kafka acknowledged and then lost (see
 * {@code KafkaSettings}) isn't published again: a later checkpoint covers it, and the ledger serves it from its own table. A size that
 * the tree grew past while a signature was being made gets none, so there are no more signatures than the signer keeps up with.
 *
 * <p><b>Thread safety:</b> safe, also against other processes on this database.
 */
public final class Checkpoints {
    /** Checkpoints that are published before the head is looked at again. */
    private static final int PUBLISHED_AT_ONCE = 256;

    /** Tenants of which an acknowledgement is remembered. The last checkpoint of one that was forgotten is published again. */
    static final int MAX_ACKNOWLEDGED = 10_000;

    private final Database database;
    private final String instanceId;
    private final NoteSigner signer;
    private final CheckpointPublisher publisher;
    private final LedgerTables tables = new LedgerTables("ledger");

    /** By tenant, the size up to which Kafka has acknowledged checkpoints to this process and the table does not say so yet. */
    private final Cache<String, Long> acknowledged =
            Caffeine.newBuilder().maximumSize(MAX_ACKNOWLEDGED).build();

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
     * Signs the tenant's head unless it is signed, and publishes every checkpoint that may not have been published. Does nothing for a
     * log without records.
     */
    public void signAndPublish(String tenant) {
        String origin = Origin.of(instanceId, tenant);
        List<SignedHead> unpublished;
        do {
            unpublished = database.transaction(DatabaseRole.LEDGER, connection -> sign(connection, tenant, origin));
            for (SignedHead checkpoint : unpublished) {
                publisher.publish(origin, checkpoint.note());
                acknowledged.asMap().merge(tenant, checkpoint.size(), Math::max);
            }
        } while (unpublished.size() == PUBLISHED_AT_ONCE);
    }

    private List<SignedHead> sign(Connection connection, String tenant, String origin) throws SQLException {
        long known = acknowledged.asMap().getOrDefault(tenant, 0L);
        Optional<LedgerTables.Unpublished> locked =
                tables.lockUnpublished(connection, tenant, origin, known, PUBLISHED_AT_ONCE);
        if (locked.isEmpty() || locked.get().head().size() == 0) {
            return List.of();
        }
        Head head = locked.get().head();
        Optional<SignedHead> made = locked.get().signedSize() == head.size()
                ? Optional.empty()
                : Optional.of(sign(connection, head, origin));
        tables.commitCheckpoint(
                connection, tenant, made, known > head.publishedSize() ? OptionalLong.of(known) : OptionalLong.empty());
        List<SignedHead> unpublished = new ArrayList<>(locked.get().checkpoints());
        if (unpublished.size() < PUBLISHED_AT_ONCE) {
            made.ifPresent(unpublished::add);
        }
        return unpublished;
    }

    private SignedHead sign(Connection connection, Head head, String origin) throws SQLException {
        String text = origin + "\n" + head.size() + "\n" + Base64.getEncoder().encodeToString(head.root()) + "\n";
        return new SignedHead(
                head.size(), head.root(), signer.sign(connection, origin, text).getBytes(UTF_8));
    }
}
