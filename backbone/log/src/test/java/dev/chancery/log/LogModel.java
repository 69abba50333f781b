package dev.chancery.log;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.AppendResult.Appended;
import dev.chancery.log.AppendResult.Moved;
import dev.chancery.log.AppendResult.Refused;
import dev.chancery.log.AppendResult.Replayed;
import dev.chancery.log.AppendResult.Taken;
import dev.chancery.schema.log.v1.Result;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/** One tenant's log as the documentation tells it, without a database, groups or time. Not thread-safe. */
final class LogModel {
    static final Set<String> ALL_ANSWERS = Set.of(
            "Appended",
            "Moved",
            "Taken",
            "Replayed",
            LogRejection.IN_PROGRESS.code(),
            LogRejection.KEY_REUSED.code(),
            LogRejection.TOO_LATE.code());

    private static final int STREAMS = 4;
    private static final int KEYS = 6;
    private static final int NAMES = 4;

    private record Kept(Digest request, boolean running, boolean expired, long position, String reply, String code) {}

    private record Begun(Appended intent, boolean late, Optional<Receipt> receipt) {}

    private final String tenant;
    private final Map<StreamId, Long> versions = new HashMap<>();
    private final Map<Digest, Kept> receipts = new HashMap<>();
    private final Map<Digest, StreamId> claims = new HashMap<>();
    private final Map<Long, Begun> open = new HashMap<>();
    private final List<Begun> begun = new ArrayList<>();
    private final Set<String> seen = new HashSet<>();
    private long latestDeadlineMicros;
    private long position;

    LogModel(String tenant) {
        this.tenant = tenant;
    }

    long position() {
        return position;
    }

    Set<String> seen() {
        return seen;
    }

    long openIntents() {
        return open.size();
    }

    long claims() {
        return claims.size();
    }

    long reservations() {
        return receipts.values().stream().filter(Kept::running).count();
    }

    /** A deadline is either far away or over before the next group. */
    void passDeadlines(TestLog log) {
        if (latestDeadlineMicros > 0) {
            log.passes(latestDeadlineMicros);
            latestDeadlineMicros = 0;
        }
    }

    Draft randomDraft(Random random) {
        if (random.nextInt(100) < 35) {
            return Drafts.intent(
                    tenant,
                    random.nextInt(5) == 0 ? 1 : Drafts.DEADLINE_MILLIS,
                    random.nextBoolean() ? Optional.of(reserve(random)) : Optional.empty());
        }
        Drafts outcome = Drafts.outcome(tenant);
        Optional<Begun> ends = Optional.empty();
        if (!begun.isEmpty() && random.nextInt(4) > 0) {
            // Mostly one of the last, some of which have ended already.
            ends = Optional.of(begun.get(begun.size() - 1 - random.nextInt(Math.min(12, begun.size()))));
            outcome.ending(ends.get().intent());
        }
        switch (random.nextInt(8)) {
            case 0 -> outcome.failing("access.self-grant");
            case 1, 2 -> {
                if (ends.isPresent()) {
                    outcome.result(Result.ABANDONED);
                }
            }
            default -> effects(outcome, random);
        }
        receipt(random, ends).ifPresent(outcome::receipt);
        return outcome.draft();
    }

    private void effects(Drafts outcome, Random random) {
        for (int i = random.nextInt(3); i > 0; i--) {
            StreamId stream = stream(random);
            outcome.retiring(stream, version(stream, random));
        }
        if (random.nextInt(3) == 0) {
            StreamId stream = stream(random);
            outcome.restingOn(stream, version(stream, random));
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            String name = "name-" + random.nextInt(NAMES);
            StreamId holder =
                    random.nextInt(3) == 0 ? stream(random) : claims.getOrDefault(Drafts.digest(name), stream(random));
            if (random.nextBoolean()) {
                outcome.claiming(name, holder);
            } else {
                outcome.releasing(name, holder);
            }
        }
    }

    private static StreamId stream(Random random) {
        return StreamId.of("access", "assignments", "s-" + random.nextInt(STREAMS));
    }

    private long version(StreamId stream, Random random) {
        long now = versions.getOrDefault(stream, 0L);
        return random.nextInt(12) == 0 ? Math.max(0, now - 1) : now;
    }

    private static Receipt reserve(Random random) {
        return Drafts.reserve("key-" + random.nextInt(KEYS), "request-" + random.nextInt(2));
    }

    private static Optional<Receipt> receipt(Random random, Optional<Begun> ends) {
        Receipt of =
                ends.flatMap(Begun::receipt).filter(r -> random.nextInt(6) > 0).orElse(reserve(random));
        return switch (random.nextInt(6)) {
            case 0 -> Optional.empty();
            case 1 -> Optional.of(new Receipt(of.key(), of.request(), new Receipt.Release(), 0));
            case 2 ->
                Optional.of(new Receipt(
                        of.key(), of.request(), new Receipt.KeepCode("access.self-grant"), Drafts.KEPT_MILLIS));
            default ->
                Optional.of(new Receipt(
                        of.key(),
                        of.request(),
                        new Receipt.KeepReply(("reply-" + random.nextInt(1000)).getBytes(StandardCharsets.UTF_8)),
                        // Expired at once, or not in this test.
                        random.nextInt(3) == 0 ? Drafts.KEPT_MILLIS : 0));
        };
    }

    /** What the next draft comes to; {@code actual} lends the time and the hash, which a model can't know. */
    AppendResult expect(Draft draft, AppendResult actual) {
        AppendResult answer = receiptAnswer(draft)
                .or(() -> intentAnswer(draft))
                .or(() -> basisAnswer(draft))
                .or(() -> claimAnswer(draft))
                .orElseGet(() -> actual instanceof Appended one
                        ? new Appended(position, one.recordedAtMicros(), one.hash())
                        : new Appended(position, 0, Drafts.digest("")));
        seen.add(
                answer instanceof Refused(Rejection rejection)
                        ? rejection.code()
                        : answer.getClass().getSimpleName());
        if (answer instanceof Appended appended) {
            apply(draft, appended);
        }
        return answer;
    }

    private Optional<AppendResult> receiptAnswer(Draft draft) {
        if (draft.receipt().isEmpty() || draft.receipt().get().effect() instanceof Receipt.Release) {
            return Optional.empty();
        }
        Receipt wanted = draft.receipt().get();
        Kept kept = receipts.get(wanted.key());
        if (kept == null || kept.expired()) {
            return Optional.empty();
        }
        boolean itsOwn =
                kept.running() && draft.ends().isPresent() && draft.ends().get().getPosition() == kept.position();
        if (itsOwn) {
            return Optional.empty();
        }
        if (!kept.request().equals(wanted.request())) {
            return Optional.of(new Refused(LogRejection.KEY_REUSED));
        }
        return Optional.of(
                kept.running()
                        ? new Refused(LogRejection.IN_PROGRESS)
                        : new Replayed(
                                kept.position(),
                                kept.reply().getBytes(StandardCharsets.UTF_8),
                                kept.code().isEmpty() ? Optional.empty() : Optional.of(kept.code())));
    }

    private Optional<AppendResult> intentAnswer(Draft draft) {
        if (draft.ends().isEmpty()) {
            return Optional.empty();
        }
        Begun intent = open.get(draft.ends().get().getPosition());
        boolean abandons = draft.statement().getOutcome().getResult() == Result.ABANDONED;
        if (intent == null || (intent.late() && !abandons)) {
            return Optional.of(new Refused(LogRejection.TOO_LATE));
        }
        return abandons && !intent.late() ? Optional.of(new Refused(LogRejection.IN_PROGRESS)) : Optional.empty();
    }

    private Optional<AppendResult> basisAnswer(Draft draft) {
        Set<StreamId> moved = new TreeSet<>();
        draft.basis().forEach((stream, version) -> {
            if (versions.getOrDefault(stream, 0L) != version.longValue()) {
                moved.add(stream);
            }
        });
        return moved.isEmpty() ? Optional.empty() : Optional.of(new Moved(moved));
    }

    private Optional<AppendResult> claimAnswer(Draft draft) {
        Map<Digest, StreamId> then = new HashMap<>(claims);
        return applyClaims(draft, then) ? Optional.empty() : Optional.of(new Taken("email"));
    }

    private static boolean applyClaims(Draft draft, Map<Digest, StreamId> to) {
        for (Claim claim : draft.claims()) {
            StreamId holder = to.get(claim.hash());
            if (holder != null && !holder.equals(claim.holder())) {
                return false;
            }
            if (claim.taken()) {
                to.put(claim.hash(), claim.holder());
            } else {
                to.remove(claim.hash());
            }
        }
        return true;
    }

    private void apply(Draft draft, Appended appended) {
        if (draft.isIntent()) {
            boolean late = draft.deadlineMillis() == 1;
            if (late) {
                latestDeadlineMicros = appended.recordedAtMicros() + 1000;
            }
            var one = new Begun(appended, late, draft.receipt());
            open.put(position, one);
            begun.add(one);
        }
        // What was reserved is kept as long as it was reserved for, which is never over in this test.
        boolean reserved = draft.receipt()
                .map(receipt -> receipts.get(receipt.key()))
                .filter(Kept::running)
                .isPresent();
        draft.ends().ifPresent(ref -> open.remove(ref.getPosition())
                .receipt()
                .ifPresent(reservation -> receipts.remove(reservation.key())));
        draft.receipt().ifPresent(receipt -> keep(receipt, reserved));
        applyClaims(draft, claims);
        draft.events().forEach(event -> versions.merge(event.stream(), 1L, Long::sum));
        position++;
    }

    private void keep(Receipt receipt, boolean reserved) {
        boolean expired = receipt.keptMillis() == 0 && !reserved;
        switch (receipt.effect()) {
            case Receipt.Reserve r ->
                receipts.put(receipt.key(), new Kept(receipt.request(), true, false, position, "", ""));
            case Receipt.KeepReply(byte[] reply) ->
                receipts.put(
                        receipt.key(),
                        new Kept(
                                receipt.request(),
                                false,
                                expired,
                                position,
                                new String(reply, StandardCharsets.UTF_8),
                                ""));
            case Receipt.KeepCode(String code) ->
                receipts.put(receipt.key(), new Kept(receipt.request(), false, expired, position, "", code));
            case Receipt.Release r -> {}
        }
    }
}
