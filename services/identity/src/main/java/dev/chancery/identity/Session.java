package dev.chancery.identity;

import com.google.protobuf.ByteString;
import dev.chancery.decision.EventReading;
import dev.chancery.kernel.Fold;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.Streams.StoredEvent;
import dev.chancery.schema.identity.v1.SessionOpened;
import dev.chancery.schema.identity.v1.SessionRefreshed;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * A session as it was opened.
 *
 * @param opened the event; its sealed values are bound to {@code event}
 */
record Session(SessionOpened opened, StoredEvent event) {
    /** A principal's sessions by id: those that the last one to be opened was opened beside, and that one. */
    static final Fold<Map<String, Session>, StoredEvent> ALL = new Fold<>() {
        @Override
        public Map<String, Session> initial() {
            return Map.of();
        }

        @Override
        public Map<String, Session> evolve(Map<String, Session> state, StoredEvent event) {
            if (!event.type().equals("chancery.identity.v1.SessionOpened")) {
                return state;
            }
            SessionOpened opened = EventReading.read(SessionOpened.parser(), event.body());
            Map<String, Session> sessions = new HashMap<>(state);
            sessions.keySet().retainAll(opened.getBesideList());
            sessions.put(opened.getSessionId(), new Session(opened, event));
            return Map.copyOf(sessions);
        }
    };

    /** What refreshing has made of it: empty before the first refresh. */
    static final Fold<Optional<SessionRefreshed>, StoredEvent> REFRESHED = new Fold<>() {
        @Override
        public Optional<SessionRefreshed> initial() {
            return Optional.empty();
        }

        @Override
        public Optional<SessionRefreshed> evolve(Optional<SessionRefreshed> state, StoredEvent event) {
            return event.type().equals("chancery.identity.v1.SessionRefreshed")
                    ? Optional.of(EventReading.read(SessionRefreshed.parser(), event.body()))
                    : state;
        }
    };

    static StreamId all(String principalId) {
        return StreamId.of("identity", "sessions", principalId);
    }

    static StreamId refreshes(String session) {
        return StreamId.of("identity", "session", session);
    }

    /** A session as it stands. */
    record Now(Session session, Optional<SessionRefreshed> last) {
        boolean isOver(long atMicros) {
            return idleUntilMicros() <= atMicros || session.opened().getExpiresAtMicros() <= atMicros;
        }

        long idleUntilMicros() {
            return last.map(SessionRefreshed::getIdleUntilMicros)
                    .orElse(session.opened().getIdleUntilMicros());
        }

        long openedAtMicros() {
            return session.opened().getOpenedAtMicros();
        }

        long lastUsedMicros() {
            return last.map(SessionRefreshed::getRefreshedAtMicros)
                    .orElse(session.opened().getOpenedAtMicros());
        }

        /** Whether it is the one refresh token that is good; any other of the family was spent. */
        boolean admits(RefreshToken token) {
            ByteString good = last.map(SessionRefreshed::getRefreshHash)
                    .orElse(session.opened().getRefreshHash());
            return MessageDigest.isEqual(good.toByteArray(), token.hash().toByteArray());
        }
    }

    String id() {
        return opened.getSessionId();
    }

    String device() {
        return HexFormat.of().formatHex(opened.getDevice().toByteArray());
    }

    boolean hasFamilyOf(RefreshToken token) {
        return MessageDigest.isEqual(
                opened.getFamilyHash().toByteArray(), token.familyHash().toByteArray());
    }

    /** Who acts in it. */
    Principal principal(Principal.Type type, String tenant) {
        return new Principal(
                type,
                opened.getPrincipalId(),
                tenant,
                optional(opened.getWorkspaceId()),
                id(),
                optional(opened.getActingFor()),
                Instant.ofEpochMilli(opened.getAuthenticatedAtMicros() / 1000),
                opened.getEpoch(),
                opened.getAcr());
    }

    SealedValue client() {
        return new SealedValue(opened.getClient(), event.entryId(), event.type(), "client");
    }

    SealedValue address() {
        return new SealedValue(opened.getAddress(), event.entryId(), event.type(), "address");
    }

    private static Optional<String> optional(String text) {
        return Optional.of(text).filter(some -> !some.isEmpty());
    }
}
