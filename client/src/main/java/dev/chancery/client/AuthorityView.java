package dev.chancery.client;

import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityAt;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.decision.PlacedDecision;
import dev.chancery.decision.Sensitivity;
import dev.chancery.decision.States;
import dev.chancery.kernel.StreamId;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.access.v1.AuthorityEvent;
import dev.chancery.schema.access.v1.FollowAuthorityReply;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What an organisation's decisions rest on, in memory, and how fresh it is. The clock is the caller's.
 *
 * <p><b>Thread safety:</b> one thread applies; any number asks, without a lock: each asks one version, which never changes.
 */
final class AuthorityView {
    private static final LocalDecision STALE = new LocalDecision(false, "decision-stale", "", "", false, 0, "", -1);

    /**
     * One version. Principals' authority is put together when it is first asked for.
     *
     * @param complete whether the beginning has been read to its end
     */
    private record Version(
            States states, ConcurrentHashMap<String, Authority> authorities, long position, boolean complete) {
        Authority authority(String principalId) {
            Authority known = authorities.get(principalId);
            if (known != null) {
                return known;
            }
            Authority read = states.authority(principalId);
            if (read.principal().exists()) {
                // Only who is there: callers can't fill the memory with names.
                authorities.put(principalId, read);
            }
            return read;
        }
    }

    private record Followed(String type, com.google.protobuf.ByteString body, long position) implements LogEvent {}

    private final String tenant;
    private final long sensitiveBoundNanos;
    private final long otherBoundNanos;
    private volatile Version version;
    private volatile long freshAsOfNanos;

    /**
     * @param sensitiveBound how old an answer about a sensitive capability may be
     * @param otherBound how old any other answer may be
     */
    AuthorityView(String tenant, Duration sensitiveBound, Duration otherBound) {
        this.tenant = tenant;
        this.sensitiveBoundNanos = sensitiveBound.toNanos();
        this.otherBoundNanos = otherBound.toNanos();
        this.version = empty();
    }

    private Version empty() {
        return new Version(new States(tenant, PlacedDecision.PARTS), new ConcurrentHashMap<>(), -1, false);
    }

    /** The position that has been read to; -1 before the first answer. */
    long position() {
        return version.position();
    }

    boolean isComplete() {
        return version.complete();
    }

    /** Begins again: the log is not the one that was followed. Until it has been read, nothing is granted. */
    void reset() {
        version = empty();
    }

    /** @param askedNanos the monotonic time at which the answer was asked for */
    void apply(FollowAuthorityReply answer, long askedNanos) {
        Version before = version;
        boolean complete = before.complete() || answer.getComplete();
        if (answer.getEventsCount() == 0) {
            version = new Version(before.states(), before.authorities(), answer.getPosition(), complete);
        } else {
            // Whoever asks now goes on with the version before; while the beginning is read, nobody does.
            States states = before.complete() ? before.states().copy() : before.states();
            for (AuthorityEvent event : answer.getEventsList()) {
                states.apply(
                        new StreamId(event.getStream()),
                        new Followed(event.getType(), event.getBody(), event.getPosition()));
            }
            version = new Version(states, new ConcurrentHashMap<>(), answer.getPosition(), complete);
        }
        if (answer.getComplete()) {
            freshAsOfNanos = askedNanos;
        }
    }

    /**
     * @param actingForId whom the principal acts for; empty: itself
     * @param workspace where; empty: in the organisation
     * @param about whose consents count; empty: nobody's
     * @param nowNanos monotonic
     * @param atMicros Unix time in microseconds
     */
    LocalDecision check(
            String principalId,
            String actingForId,
            String capability,
            String workspace,
            String about,
            long nowNanos,
            long atMicros) {
        Version now = version;
        long age = nowNanos - freshAsOfNanos;
        if (!now.complete() || age > otherBoundNanos) {
            return STALE;
        }
        Authority authority = now.authority(principalId);
        Sensitivity sensitivity = authority.sensitivity(capability);
        if (age > sensitiveBoundNanos && isSensitive(authority, capability, sensitivity)) {
            return STALE;
        }
        Optional<Authority> actingFor =
                actingForId.isEmpty() ? Optional.empty() : Optional.of(now.authority(actingForId));
        AuthorityDecision decision = PlacedDecision.decide(
                new AuthorityAt(authority, actingFor, now.states().consents(about), now.position()),
                id -> now.states().state(PlacedDecision.WORKSPACES, id),
                capability,
                workspace,
                atMicros);
        return new LocalDecision(
                decision.granted(),
                decision.reason().code(),
                decision.assignmentId(),
                decision.role(),
                decision.elevated(),
                decision.granted() ? sensitivity.stepUpSeconds() : 0,
                decision.missingScope(),
                now.position());
    }

    /** What takes particular care, and what governs Chancery itself. */
    private static boolean isSensitive(Authority authority, String capability, Sensitivity sensitivity) {
        return !sensitivity.equals(Sensitivity.NONE)
                || authority.contract().capabilities().contains(capability);
    }

    /** How old answers may be. */
    Duration age(long nowNanos) {
        return version.complete() ? Duration.ofNanos(nowNanos - freshAsOfNanos) : Duration.ofDays(1);
    }
}
