package dev.chancery.log;

import dev.chancery.kernel.StreamId;
import dev.chancery.schema.log.v1.Outcome;
import dev.chancery.schema.log.v1.Result;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a group has to know of its tenant while the head is locked, and what it has changed so far. Each draft is judged against
 * what the ones before it in the group left, as if it had come in a transaction of its own.
 *
 * <p>Holds rows, no SQL: {@link AppendSql} fills it and writes its changes.
 */
final class LockedTenant {
    /** A claim's key. */
    record ClaimKey(String kind, Digest hash) {}

    /** A receipt as it is stored; while its command runs it has neither reply nor code. */
    record StoredReceipt(
            Digest request,
            long position,
            byte @Nullable [] reply,
            @Nullable String code,
            long expiresAtMicros) {
        boolean isPending() {
            return reply == null && code == null;
        }
    }

    record OpenIntent(
            long deadlineMicros, Digest hash, @Nullable Digest key) {}

    long nextPosition;
    long lastRecordedAtMicros;
    long nowMicros;

    final Map<StreamId, Long> versions = new HashMap<>();
    final Map<Digest, StoredReceipt> receipts = new HashMap<>();
    final Map<ClaimKey, StreamId> claims = new HashMap<>();
    final Map<Long, OpenIntent> intents = new HashMap<>();

    /** The time the next record gets: PostgreSQL's clock, but never before the last record's. */
    long recordedAtMicros() {
        return Math.max(nowMicros, lastRecordedAtMicros);
    }

    /** Says why a draft can't be appended; empty when it can. */
    Optional<AppendResult> objection(Draft draft) {
        return receiptObjection(draft)
                .or(() -> intentObjection(draft))
                .or(() -> basisObjection(draft))
                .or(() -> claimObjection(draft));
    }

    private Optional<AppendResult> receiptObjection(Draft draft) {
        if (draft.receipt().isEmpty()) {
            return Optional.empty();
        }
        Receipt wanted = draft.receipt().get();
        StoredReceipt stored = receipts.get(wanted.key());
        if (stored == null || stored.expiresAtMicros() <= nowMicros || isReservationOf(draft, stored)) {
            return Optional.empty();
        }
        if (!stored.request().equals(wanted.request())) {
            return Optional.of(new AppendResult.Refused(LogRejection.KEY_REUSED));
        }
        if (stored.isPending()) {
            return Optional.of(new AppendResult.Refused(LogRejection.IN_PROGRESS));
        }
        byte[] reply = stored.reply() == null ? new byte[0] : stored.reply();
        return Optional.of(new AppendResult.Replayed(stored.position(), reply, Optional.ofNullable(stored.code())));
    }

    private static boolean isReservationOf(Draft draft, StoredReceipt stored) {
        Outcome outcome = draft.statement().getOutcome();
        return stored.isPending() && outcome.hasIntent() && outcome.getIntent().getPosition() == stored.position();
    }

    private Optional<AppendResult> intentObjection(Draft draft) {
        Outcome outcome = draft.statement().getOutcome();
        if (!outcome.hasIntent()) {
            return Optional.empty();
        }
        OpenIntent open = intents.get(outcome.getIntent().getPosition());
        boolean abandons = outcome.getResult() == Result.ABANDONED;
        if (open == null
                || !Arrays.equals(
                        open.hash().bytes(), outcome.getIntent().getHash().toByteArray())) {
            return Optional.of(new AppendResult.Refused(LogRejection.TOO_LATE));
        }
        boolean late = recordedAtMicros() >= open.deadlineMicros();
        if (late != abandons) {
            return Optional.of(new AppendResult.Refused(late ? LogRejection.TOO_LATE : LogRejection.IN_PROGRESS));
        }
        return Optional.empty();
    }

    private Optional<AppendResult> basisObjection(Draft draft) {
        Set<StreamId> moved = new TreeSet<>();
        draft.basis().forEach((stream, version) -> {
            if (versions.getOrDefault(stream, 0L) != version.longValue()) {
                moved.add(stream);
            }
        });
        return moved.isEmpty() ? Optional.empty() : Optional.of(new AppendResult.Moved(moved));
    }

    private Optional<AppendResult> claimObjection(Draft draft) {
        for (Claim claim : draft.claims()) {
            StreamId holder = claims.get(new ClaimKey(claim.kind(), claim.hash()));
            if (holder != null && !holder.equals(claim.holder())) {
                return Optional.of(new AppendResult.Taken(claim.kind()));
            }
        }
        return Optional.empty();
    }
}
