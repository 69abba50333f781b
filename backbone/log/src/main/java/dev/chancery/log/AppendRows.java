package dev.chancery.log;

import dev.chancery.kernel.StreamId;
import dev.chancery.log.LockedTenant.ClaimKey;
import dev.chancery.log.LockedTenant.OpenIntent;
import dev.chancery.log.LockedTenant.StoredReceipt;
import dev.chancery.schema.log.v1.EventRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The rows that a group writes, gathered while its drafts are admitted one by one; each draft after sees in the locked tenant what
 * the ones before it changed.
 */
final class AppendRows {
    @SuppressWarnings("ArrayRecordComponent") // handed through, never compared
    record RecordRow(long position, String types, byte[] record) {}

    record EventRow(StreamId stream, long version, long position, int ordinal, String type) {}

    final List<RecordRow> records = new ArrayList<>();
    final List<EventRow> events = new ArrayList<>();
    final Map<StreamId, Long> versions = new LinkedHashMap<>();
    final Map<Digest, StoredReceipt> receipts = new LinkedHashMap<>();
    final Set<Digest> releasedKeys = new LinkedHashSet<>();
    final Map<Long, OpenIntent> openedIntents = new LinkedHashMap<>();
    final Set<Long> closedIntents = new LinkedHashSet<>();
    final Map<ClaimKey, StreamId> takenClaims = new LinkedHashMap<>();
    final Set<ClaimKey> releasedClaims = new LinkedHashSet<>();
    long nextPosition;
    long recordedAtMicros;

    private final LockedTenant locked;

    AppendRows(LockedTenant locked) {
        this.locked = locked;
    }

    /** Gives a draft the next position and shows what it changes to the drafts after it. */
    void admit(PreparedDraft prepared) {
        long position = locked.nextPosition;
        recordedAtMicros = locked.recordedAtMicros();
        nextPosition = position + 1;
        addEvents(prepared, position);
        Draft draft = prepared.draft();
        // Kept as long as it was reserved for: an expiry that stays as it is needs no new index entry.
        OptionalLong reserved = draft.receipt().map(Receipt::key).map(locked.receipts::get).stream()
                .filter(StoredReceipt::isPending)
                .mapToLong(StoredReceipt::expiresAtMicros)
                .findAny();
        draft.ends().ifPresent(intent -> close(intent.getPosition()));
        draft.receipt().ifPresent(receipt -> addReceipt(receipt, position, reserved));
        draft.claims().forEach(this::addClaim);
        locked.nextPosition = nextPosition;
        locked.lastRecordedAtMicros = recordedAtMicros;
    }

    private void addEvents(PreparedDraft prepared, long position) {
        int ordinal = 0;
        for (EventRef reference : prepared.references()) {
            var stream = new StreamId(reference.getStream());
            events.add(new EventRow(stream, reference.getVersion(), position, ordinal++, reference.getType()));
            versions.put(stream, reference.getVersion());
            locked.versions.put(stream, reference.getVersion());
        }
    }

    /** Adds the record of an admitted draft, once it is signed. */
    void add(PreparedDraft prepared, long position, long recordedAt, Entry entry, Digest hash) {
        String types =
                prepared.references().stream().map(EventRef::getType).distinct().collect(Collectors.joining(" "));
        records.add(new RecordRow(position, types, prepared.record(entry)));
        Draft draft = prepared.draft();
        if (draft.isIntent()) {
            openedIntents.put(
                    position,
                    new OpenIntent(
                            prepared.deadlineMicros(recordedAt),
                            hash,
                            draft.receipt().map(Receipt::key).orElse(null)));
        }
    }

    /** An intent has its outcome: what it reserved is free, unless the outcome's receipt says better, which comes after. */
    private void close(long intentPosition) {
        closedIntents.add(intentPosition);
        OpenIntent intent = locked.intents.remove(intentPosition);
        if (intent != null && intent.key() != null) {
            release(intent.key());
        }
    }

    private void addReceipt(Receipt receipt, long position, OptionalLong reserved) {
        long expires = reserved.orElse(locked.nowMicros + receipt.keptMillis() * 1000);
        switch (receipt.effect()) {
            case Receipt.Reserve r ->
                keep(receipt, new StoredReceipt(receipt.request(), position, null, null, expires));
            case Receipt.KeepReply r ->
                keep(receipt, new StoredReceipt(receipt.request(), position, r.reply(), null, expires));
            case Receipt.KeepCode c ->
                keep(receipt, new StoredReceipt(receipt.request(), position, null, c.code(), expires));
            // It is its own reservation that a command releases, and that went with its intent.
            case Receipt.Release r -> {}
        }
    }

    private void keep(Receipt receipt, StoredReceipt stored) {
        releasedKeys.remove(receipt.key());
        receipts.put(receipt.key(), stored);
        locked.receipts.put(receipt.key(), stored);
    }

    private void release(Digest key) {
        receipts.remove(key);
        releasedKeys.add(key);
        locked.receipts.remove(key);
    }

    private void addClaim(Claim claim) {
        ClaimKey key = claim.key();
        if (!claim.taken()) {
            takenClaims.remove(key);
            releasedClaims.add(key);
            locked.claims.remove(key);
        } else if (!claim.holder().equals(locked.claims.put(key, claim.holder()))) {
            takenClaims.put(key, claim.holder());
        }
    }
}
