package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;
import static dev.chancery.decision.AuthorityStreams.sessionEnds;
import static dev.chancery.decision.AuthorityStreams.workspace;

import com.google.protobuf.ByteString;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.SessionEnds;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.feature.SessionLimits;
import dev.chancery.feature.SessionLimits.AtLimit;
import dev.chancery.feature.SessionLimits.OnReuse;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.identity.v1.AllSessionsEnded;
import dev.chancery.schema.identity.v1.RefreshTokenReply;
import dev.chancery.schema.identity.v1.SessionEndCause;
import dev.chancery.schema.identity.v1.SessionEnded;
import dev.chancery.schema.identity.v1.SessionOpened;
import dev.chancery.schema.identity.v1.SessionRefreshed;
import dev.chancery.schema.identity.v1.TokenIssued;
import dev.chancery.schema.log.v1.Sealed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Opens, refreshes and ends sessions (ADR 32). A decision reads which of a principal's sessions were ended, so that a refresh, a sign-in
 * and an end that race have one order, and the later one sees the earlier.
 */
final class Sessions {
    private static final int DEVICE_BYTES = 8;

    private final Tokens tokens;
    private final SessionLimits limits;

    Sessions(Tokens tokens, SessionLimits limits) {
        this.tokens = tokens;
        this.limits = limits;
    }

    /** Tokens for somebody who has shown who they are; their events go into the command's outcome. */
    Opening open(CommandContext context, SignedIn who) {
        SessionEnds ends = context.read(sessionEnds(who.principalId()), SessionEnds.FOLD);
        String tokenId = context.newId();
        return who.offline() ? session(context, who, ends, tokenId) : token(context, who, ends, tokenId);
    }

    private Opening token(CommandContext context, SignedIn who, SessionEnds ends, String tokenId) {
        Instant now = now(context);
        Instant expires = now.plus(Tokens.LIFETIME);
        var event = TokenIssued.newBuilder()
                .setTokenId(tokenId)
                .setPrincipalId(who.principalId())
                .setWorkspaceId(who.workspace().orElse(""))
                .setExpiresAtMicros(micros(expires))
                .build();
        return new Opening.Opened(
                tokenId,
                tokens.issue(tokenId, principalOf(context, who, tokenId, ends), who.workspace(), now, expires),
                (int) Tokens.LIFETIME.toSeconds(),
                Optional.empty(),
                List.of(new NewEvent(context.fresh(StreamId.of("identity", "token", tokenId)), event)));
    }

    private Opening session(CommandContext context, SignedIn who, SessionEnds ends, String tokenId) {
        String id = who.principalId();
        List<Session.Now> live = live(context, id, ends);
        List<Session.Now> over = live.subList(0, Math.max(0, live.size() + 1 - limits.limit()));
        if (!over.isEmpty() && limits.atLimit() == AtLimit.NEW_IS_REFUSED) {
            return new Opening.Refused(IdentityRejection.TOO_MANY_SESSIONS);
        }
        Instant now = now(context);
        String session = context.newId();
        RefreshToken refresh = RefreshToken.first(context.tenant(), id, session);
        String client = context.caller().client();
        String device = who.device().isEmpty() ? "client\n" + client : "device\n" + who.device();
        var opened = SessionOpened.newBuilder()
                .setSessionId(session)
                .setPrincipalId(id)
                .setTokenId(tokenId)
                .setWorkspaceId(who.workspace().orElse(""))
                .setActingFor(who.actingFor().orElse(""))
                .setFamilyHash(refresh.familyHash())
                .setRefreshHash(refresh.hash())
                .setOpenedAtMicros(context.atMicros())
                .setAuthenticatedAtMicros(micros(who.authenticatedAt()))
                .setAcr(who.acr())
                .setIdleUntilMicros(context.atMicros() + micros(limits.idle()))
                .setExpiresAtMicros(context.atMicros() + micros(limits.lifetime()))
                .setEpoch(ends.epoch())
                .setDevice(ByteString.copyFrom(
                        Arrays.copyOf(context.hash("device", id + "\n" + device).bytes(), DEVICE_BYTES)))
                .setClient(sealed(context, id, "client", client))
                .setAddress(sealed(context, id, "address", context.caller().address()));
        live.subList(over.size(), live.size())
                .forEach(other -> opened.addBeside(other.session().id()));
        List<NewEvent> events = new ArrayList<>();
        over.forEach(oldest -> events.add(ended(context, oldest.session(), SessionEndCause.LIMIT)));
        events.add(new NewEvent(Session.all(id), opened.build()));
        Instant expires = earlier(now.plus(Tokens.LIFETIME), opened.getExpiresAtMicros());
        return new Opening.Opened(
                tokenId,
                tokens.issue(tokenId, principalOf(context, who, session, ends), who.workspace(), now, expires),
                (int) Duration.between(now, expires).toSeconds(),
                Optional.of(refresh.text()),
                events);
    }

    private static Principal principalOf(CommandContext context, SignedIn who, String session, SessionEnds ends) {
        return new Principal(
                who.type(),
                who.principalId(),
                context.tenant(),
                who.workspace(),
                session,
                who.actingFor(),
                who.authenticatedAt(),
                ends.epoch(),
                who.acr());
    }

    private static Sealed sealed(CommandContext context, String subject, String field, String text) {
        return context.seal(subject, SessionOpened.getDescriptor(), field, text);
    }

    /** The next tokens of a session, for the one refresh token of it that is good. A spent one ends it. */
    CommandOutcome refresh(CommandContext context, RefreshToken token) {
        String id = token.principalId();
        SessionEnds ends = context.read(sessionEnds(id), SessionEnds.FOLD);
        Optional<Session> known = Optional.ofNullable(
                        context.read(Session.all(id), Session.ALL).get(token.session()))
                .filter(session -> session.hasFamilyOf(token));
        if (known.isEmpty()) {
            return CommandOutcome.reject(IdentityRejection.REFRESH_INVALID);
        }
        Session session = known.get();
        Session.Now now = now(context, session);
        if (!isActive(context, session)
                || ends.ends(session.id(), session.opened().getEpoch())
                || now.isOver(context.atMicros())) {
            return CommandOutcome.reject(IdentityRejection.REFRESH_OVER);
        }
        if (!now.admits(token)) {
            NewEvent end = limits.onReuse() == OnReuse.ALL_END
                    ? allEnded(context, id, SessionEndCause.REFRESH_REUSED)
                    : ended(context, session, SessionEndCause.REFRESH_REUSED);
            return CommandOutcome.done(RefreshTokenReply.getDefaultInstance(), end)
                    .withTarget("session", session.id())
                    .refusing(IdentityRejection.REFRESH_REUSED);
        }
        return refreshed(context, session, token.next());
    }

    private CommandOutcome refreshed(CommandContext context, Session session, RefreshToken next) {
        Principal who = session.principal(context.principal().type(), context.tenant());
        if (who.workspace().isPresent()
                && !context.read(workspace(who.workspace().get()), WorkspaceState.FOLD)
                        .members()
                        .contains(who.id())) {
            return CommandOutcome.reject(IdentityRejection.NOT_A_MEMBER);
        }
        Instant now = now(context);
        Instant expires = earlier(now.plus(Tokens.LIFETIME), session.opened().getExpiresAtMicros());
        String tokenId = context.newId();
        return CommandOutcome.done(
                        RefreshTokenReply.newBuilder()
                                .setAccessToken(tokens.issue(tokenId, who, who.workspace(), now, expires))
                                .setTokenType("Bearer")
                                .setExpiresInSeconds(
                                        (int) Duration.between(now, expires).toSeconds())
                                .setRefreshToken(next.text())
                                .build(),
                        new NewEvent(
                                Session.refreshes(session.id()),
                                SessionRefreshed.newBuilder()
                                        .setSessionId(session.id())
                                        .setPrincipalId(who.id())
                                        .setTokenId(tokenId)
                                        .setRefreshHash(next.hash())
                                        .setRefreshedAtMicros(context.atMicros())
                                        .setIdleUntilMicros(context.atMicros() + micros(limits.idle()))
                                        .build()))
                .withTarget("session", session.id());
    }

    private static boolean isActive(CommandContext context, Session session) {
        String actingFor = session.opened().getActingFor();
        return isActive(context, session.opened().getPrincipalId())
                && (actingFor.isEmpty() || isActive(context, actingFor));
    }

    private static boolean isActive(CommandContext context, String id) {
        return context.read(principal(id), PrincipalState.FOLD).active();
    }

    /** A principal's sessions that go on, the oldest first. */
    static List<Session.Now> live(CommandContext context, String principalId, SessionEnds ends) {
        return context.read(Session.all(principalId), Session.ALL).values().stream()
                .filter(session -> !ends.ends(session.id(), session.opened().getEpoch()))
                .map(session -> now(context, session))
                .filter(session -> !session.isOver(context.atMicros()))
                .sorted(Comparator.comparingLong(Session.Now::openedAtMicros))
                .toList();
    }

    private static Session.Now now(CommandContext context, Session session) {
        return new Session.Now(session, context.read(Session.refreshes(session.id()), Session.REFRESHED));
    }

    static NewEvent ended(CommandContext context, Session session, SessionEndCause cause) {
        return ended(
                context,
                session.opened().getPrincipalId(),
                session.id(),
                session.opened().getExpiresAtMicros(),
                cause);
    }

    /** The end of a session, or of an access token that has none. */
    static NewEvent ended(
            CommandContext context, String principalId, String session, long expiresMicros, SessionEndCause cause) {
        return new NewEvent(
                sessionEnds(principalId),
                SessionEnded.newBuilder()
                        .setSessionId(session)
                        .setPrincipalId(principalId)
                        .setCause(cause)
                        .setEndedAtMicros(context.atMicros())
                        .setExpiresAtMicros(expiresMicros)
                        .build());
    }

    /** The end of all that a principal is signed in with: every token that it has got so far. */
    static NewEvent allEnded(CommandContext context, String principalId, SessionEndCause cause) {
        return new NewEvent(
                sessionEnds(principalId),
                AllSessionsEnded.newBuilder()
                        .setPrincipalId(principalId)
                        .setCause(cause)
                        .setEndedAtMicros(context.atMicros())
                        .setEpoch(context.read(sessionEnds(principalId), SessionEnds.FOLD)
                                        .epoch()
                                + 1)
                        .build());
    }

    private static Instant now(CommandContext context) {
        return Instant.ofEpochMilli(context.atMicros() / 1000);
    }

    private static Instant earlier(Instant one, long otherMicros) {
        Instant other = Instant.ofEpochMilli(otherMicros / 1000);
        return one.isBefore(other) ? one : other;
    }

    private static long micros(Instant moment) {
        return moment.toEpochMilli() * 1000;
    }

    private static long micros(Duration duration) {
        return duration.toMillis() * 1000;
    }
}
