package dev.chancery.log;

import com.google.protobuf.ByteString;
import dev.chancery.database.Database;
import dev.chancery.database.DatabaseRole;
import dev.chancery.kernel.Rejection;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * What became of a group whose commit was not answered: looks for its first entry under the head lock, which the lost transaction
 * has let go of by then, one way or the other. Asks again until a limit has passed; then it stays unknown, as it does when the server
 * that answers is not the one that Kafka was filled from (the commit may be on the other).
 */
final class CommitQuestion {
    private static final Logger LOG = Logger.getLogger(CommitQuestion.class);

    /** How long it asks: longer than PostgreSQL lets a silent transaction hold the head. */
    static final Duration LIMIT = Duration.ofSeconds(15);

    private static final Duration PAUSE = Duration.ofMillis(250);

    private final Database database;
    private final DatabaseRole role;
    private final String feature;
    private final Duration limit;

    CommitQuestion(Database database, DatabaseRole role, String feature, Duration limit) {
        this.database = database;
        this.role = role;
        this.feature = feature;
        this.limit = limit;
    }

    /** The results as they are: those given if the commit arrived, without what was appended if it did not. */
    List<AppendResult> answer(String tenant, List<PreparedDraft> group, List<AppendResult> results) {
        int first = 0;
        while (!(results.get(first) instanceof AppendResult.Appended)) {
            first++;
        }
        long position = ((AppendResult.Appended) results.get(first)).position();
        Optional<Boolean> there =
                isThere(tenant, position, group.get(first).draft().statement().getEntryId());
        LOG.infof(
                "Commit resolved: tenant=%s position=%d there=%s",
                tenant, position, there.map(Object::toString).orElse("unknown"));
        if (there.isEmpty()) {
            return withoutAppended(results, LogRejection.OUTCOME_UNKNOWN);
        }
        return there.get() ? results : withoutAppended(results, LogRejection.UNAVAILABLE);
    }

    private Optional<Boolean> isThere(String tenant, long position, ByteString entryId) {
        long startedNanos = System.nanoTime();
        while (true) {
            try {
                Optional<Boolean> there = database.transaction(
                        role, connection -> new AppendSql(connection, tenant, feature).isEntryAt(position, entryId));
                if (there.isPresent()) {
                    return there;
                }
            } catch (RuntimeException e) {
                LOG.debugf(e, "Commit still unknown: tenant=%s", tenant);
            }
            if (System.nanoTime() - startedNanos > limit.toNanos() || !paused()) {
                return Optional.empty();
            }
        }
    }

    private static boolean paused() {
        try {
            Thread.sleep(PAUSE);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    // A draft was judged on what the ones before it in the group left, and that is gone: neither its reply nor its
    // refusal is so. Only one that is to decide again, on what PostgreSQL has, may do that at once.
    private static List<AppendResult> withoutAppended(List<AppendResult> results, Rejection rejection) {
        return results.stream()
                .map(result -> result instanceof AppendResult.Moved ? result : new AppendResult.Refused(rejection))
                .toList();
    }
}
