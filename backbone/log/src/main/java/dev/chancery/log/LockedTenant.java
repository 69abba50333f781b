package dev.chancery.log;

import dev.chancery.kernel.StreamId;
import dev.chancery.schema.log.v1.IntentRef;
import dev.chancery.schema.log.v1.Result;
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
    @SuppressWarnings("ArrayRecordComponent") // handed through, never compared
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
            long deadlineMicros, Digest hash, @Nullable Digest key) {
        byte @Nullable [] keyBytes() {
            return key == null ? null : key.bytes();
        }
    }

    long nextPosition;
    long lastRecordedAtMicros;
    long nowMicros;

    /** What would sign was withdrawn. */
    boolean keyWithdrawn;

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
        if (stored == null
                || isOver(stored)
                || isReservationOf(draft, stored)
                || wanted.effect() instanceof Receipt.Release) {
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

    // A reservation lasts as long as its intent is open, whatever the time: only its outcome ends it.
    private boolean isOver(StoredReceipt stored) {
        return !stored.isPending() && stored.expiresAtMicros() <= nowMicros;
    }

    private static boolean isReservationOf(Draft draft, StoredReceipt stored) {
        return stored.isPending()
                && draft.ends()
                        .map(IntentRef::getPosition)
                        .filter(p -> p == stored.position())
                        .isPresent();
    }

    private Optional<AppendResult> intentObjection(Draft draft) {
        if (draft.ends().isEmpty()) {
            return Optional.empty();
        }
        IntentRef intent = draft.ends().get();
        OpenIntent open = intents.get(intent.getPosition());
        if (open == null || !open.hash().equals(new Digest(intent.getHash().toByteArray()))) {
            return Optional.of(new AppendResult.Refused(LogRejection.TOO_LATE));
        }
        boolean abandons = draft.statement().getOutcome().getResult() == Result.ABANDONED;
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

    /** Claims count in their order: a draft may take what it has just released. */
    private Optional<AppendResult> claimObjection(Draft draft) {
        Map<ClaimKey, Optional<StreamId>> changed = new HashMap<>();
        for (Claim claim : draft.claims()) {
            Optional<StreamId> holder = changed.getOrDefault(claim.key(), Optional.ofNullable(claims.get(claim.key())));
            if (holder.isPresent() && !holder.get().equals(claim.holder())) {
                return Optional.of(new AppendResult.Taken(claim.kind()));
            }
            changed.put(claim.key(), claim.taken() ? Optional.of(claim.holder()) : Optional.empty());
        }
        return Optional.empty();
    }
}
