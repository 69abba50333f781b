package dev.chancery.ledger;

import com.google.protobuf.UnsafeByteOperations;
import dev.chancery.command.Ids;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.VerifierKey;
import dev.chancery.keyring.VerifierKeys;
import dev.chancery.log.AppendResult;
import dev.chancery.log.Claim;
import dev.chancery.log.Digest;
import dev.chancery.log.Draft;
import dev.chancery.schema.log.v1.Actor;
import dev.chancery.schema.log.v1.ActorType;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import dev.chancery.schema.log.v1.Statement;
import dev.chancery.schema.log.v1.Target;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * Says in a log that a key which signed its checkpoints was withdrawn, and how large the tree of the newest checkpoint was then: what is signed by that
 * key, of that size or another, is believed only where a later checkpoint goes on from it. The log grows by that record, so it gets a checkpoint of
 * another key at once.
 *
 * <p>A log says it once of a key: the record takes a claim that the key has there. Where a log takes no record, it is tried again each round.
 *
 * <p><b>Thread safety:</b> safe, in several processes too.
 */
final class WithdrawnKeys implements AutoCloseable {
    static final String ACTION = "ledger.key.withdraw";
    static final Duration ROUND = Duration.ofSeconds(1);

    private static final Pattern LOG_ID =
            Pattern.compile("instance|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final Logger LOG = Logger.getLogger(WithdrawnKeys.class);

    private final VerifierKeys keys;
    private final String instanceId;
    private final LedgerReader reader;
    private final Function<Draft, AppendResult> append;
    private final Set<VerifierKey> recorded = new HashSet<>();
    private final Set<VerifierKey> refused = new HashSet<>();
    private final Round round = new Round("ledger-withdrawn-keys", ROUND, this::look);

    WithdrawnKeys(VerifierKeys keys, String instanceId, LedgerReader reader, Function<Draft, AppendResult> append) {
        this.keys = keys;
        this.instanceId = instanceId;
        this.reader = reader;
        this.append = append;
    }

    void start() {
        round.start();
    }

    synchronized void look() {
        String prefix = instanceId + "/";
        for (VerifierKey key : keys.withdrawn(prefix)) {
            String tenant = key.name().substring(prefix.length());
            if (LOG_ID.matcher(tenant).matches() && !recorded.contains(key)) {
                record(tenant, key);
            }
        }
    }

    private void record(String tenant, VerifierKey key) {
        long size = reader.head(tenant).map(SignedHead::size).orElse(0L);
        String keyId = HexFormat.of().toHexDigits(key.keyId());
        var entryId = Ids.uuidV7();
        Statement statement = Statement.newBuilder()
                .setEntryId(UnsafeByteOperations.unsafeWrap(Ids.bytes(entryId)))
                .setActor(
                        Actor.newBuilder().setType(ActorType.ACTOR_TYPE_SYSTEM).setId("system"))
                .setAction(ACTION)
                .setTarget(Target.newBuilder().setType("checkpoint-key").setId(keyId + ":" + size))
                .setOutcome(Outcome.newBuilder().setResult(Result.SUCCESS))
                .build();
        // Each attempt claims the key for itself: the second is told that it is taken.
        var claim = new Claim(
                "withdrawn-key", digest(keyId), StreamId.of("ledger", "withdrawn-key", entryId.toString()), true);
        AppendResult result =
                append.apply(new Draft(tenant, statement, 0, List.of(), List.of(claim), Optional.empty(), Map.of()));
        switch (result) {
            case AppendResult.Appended _ -> {
                recorded.add(key);
                LOG.warnf("key of checkpoints withdrawn; tenant=%s key_id=%s size=%d", tenant, keyId, size);
            }
            case AppendResult.Taken _ -> recorded.add(key);
            case AppendResult.Refused(var rejection) -> {
                if (refused.add(key)) {
                    LOG.warnf(
                            "withdrawn key not in the log yet; tenant=%s key_id=%s code=%s",
                            tenant, keyId, rejection.code());
                }
            }
            case AppendResult.Moved _, AppendResult.Replayed _ ->
                throw new IllegalStateException("a record that rests on nothing was refused: " + result);
        }
    }

    private static Digest digest(String keyId) {
        try {
            return new Digest(
                    MessageDigest.getInstance("SHA-256").digest(HexFormat.of().parseHex(keyId)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    @Override
    public void close() {
        round.close();
    }
}
