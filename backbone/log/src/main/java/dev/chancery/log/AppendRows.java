package dev.chancery.log;

import dev.chancery.kernel.StreamId;
import dev.chancery.log.LockedTenant.ClaimKey;
import dev.chancery.log.LockedTenant.OpenIntent;
import dev.chancery.log.LockedTenant.StoredReceipt;
import dev.chancery.schema.log.v1.EventRef;
import dev.chancery.schema.log.v1.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The rows that a group writes, gathered while its drafts are admitted one by one. */
final class AppendRows {
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

    /** Takes a draft in as the record at {@code position}, and lets the locked tenant's view show it to the drafts after it. */
    void add(PreparedDraft prepared, Entry entry, long position, long recordedAtMicros, LockedTenant locked) {
        Draft draft = prepared.draft();
        String types =
                prepared.references().stream().map(EventRef::getType).distinct().collect(Collectors.joining(" "));
        records.add(new RecordRow(position, types, prepared.record(entry)));
        int ordinal = 0;
        for (EventRef reference : prepared.references()) {
            StreamId stream = new StreamId(reference.getStream());
            events.add(new EventRow(stream, reference.getVersion(), position, ordinal++, reference.getType()));
            versions.put(stream, reference.getVersion());
            locked.versions.put(stream, reference.getVersion());
        }
        if (draft.isIntent()) {
            var open = new OpenIntent(
                    prepared.deadlineMicros(recordedAtMicros),
                    new Digest(entry.leafHash()),
                    draft.receipt().map(Receipt::key).orElse(null));
            openedIntents.put(position, open);
        } else {
            Outcome outcome = draft.statement().getOutcome();
            if (outcome.hasIntent()) {
                closedIntents.add(outcome.getIntent().getPosition());
                locked.intents.remove(outcome.getIntent().getPosition());
            }
        }
        draft.receipt().ifPresent(receipt -> addReceipt(receipt, position, locked));
        draft.claims().forEach(claim -> addClaim(claim, locked));
        this.nextPosition = position + 1;
        this.recordedAtMicros = recordedAtMicros;
        locked.nextPosition = nextPosition;
        locked.lastRecordedAtMicros = recordedAtMicros;
    }

    private void addReceipt(Receipt receipt, long position, LockedTenant locked) {
        long expires = locked.nowMicros + receipt.keptMillis() * 1000;
        StoredReceipt stored =
                switch (receipt.effect()) {
                    case Receipt.Reserve r -> new StoredReceipt(receipt.request(), position, null, null, expires);
                    case Receipt.KeepReply r ->
                        new StoredReceipt(receipt.request(), position, r.reply(), null, expires);
                    case Receipt.KeepCode c -> new StoredReceipt(receipt.request(), position, null, c.code(), expires);
                    case Receipt.Release r -> null;
                };
        if (stored == null) {
            receipts.remove(receipt.key());
            releasedKeys.add(receipt.key());
            locked.receipts.remove(receipt.key());
        } else {
            releasedKeys.remove(receipt.key());
            receipts.put(receipt.key(), stored);
            locked.receipts.put(receipt.key(), stored);
        }
    }

    private void addClaim(Claim claim, LockedTenant locked) {
        var key = new ClaimKey(claim.kind(), claim.hash());
        if (claim.taken()) {
            releasedClaims.remove(key);
            takenClaims.put(key, claim.holder());
            locked.claims.put(key, claim.holder());
        } else {
            takenClaims.remove(key);
            releasedClaims.add(key);
            locked.claims.remove(key);
        }
    }
}
