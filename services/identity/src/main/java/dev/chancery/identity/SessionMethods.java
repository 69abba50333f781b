package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;
import static dev.chancery.decision.AuthorityStreams.sessionEnds;

import com.google.protobuf.Message;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.Clock;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.SessionEnds;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.EndMySessionsReply;
import dev.chancery.schema.identity.v1.EndMySessionsRequest;
import dev.chancery.schema.identity.v1.EndSessionsReply;
import dev.chancery.schema.identity.v1.EndSessionsRequest;
import dev.chancery.schema.identity.v1.ListMySessionsRequest;
import dev.chancery.schema.identity.v1.ListSessionsReply;
import dev.chancery.schema.identity.v1.ListSessionsRequest;
import dev.chancery.schema.identity.v1.ListedSession;
import dev.chancery.schema.identity.v1.RefreshTokenRequest;
import dev.chancery.schema.identity.v1.SessionEndCause;
import dev.chancery.schema.identity.v1.SignOutReply;
import dev.chancery.schema.identity.v1.SignOutRequest;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/** The contract's methods about sessions. */
final class SessionMethods {
    private final Streams streams;
    private final Keyring keyring;
    private final Sessions sessions;
    private final SignIn signIn;

    SessionMethods(Streams streams, Keyring keyring, Sessions sessions, SignIn signIn) {
        this.streams = streams;
        this.keyring = keyring;
        this.sessions = sessions;
        this.signIn = signIn;
    }

    CommandOutcome refresh(CommandContext context, RefreshTokenRequest request) {
        CommandOutcome outcome = sessions.refresh(
                context, RefreshToken.read(request.getRefreshToken()).orElseThrow());
        return outcome instanceof CommandOutcome.Done done
                ? signIn.once(context, done, request.getClientAssertion())
                : outcome;
    }

    CommandOutcome signOut(CommandContext context, SignOutRequest request) {
        Principal who = context.principal();
        var reply = SignOutReply.getDefaultInstance();
        if (context.read(sessionEnds(who.id()), SessionEnds.FOLD).ends(who)) {
            return CommandOutcome.already(reply);
        }
        Session session = context.read(Session.all(who.id()), Session.ALL).get(who.session());
        long expires = session == null
                ? context.atMicros() + Tokens.LIFETIME.toMillis() * 1000
                : session.opened().getExpiresAtMicros();
        return CommandOutcome.done(
                        reply, Sessions.ended(context, who.id(), who.session(), expires, SessionEndCause.SIGNED_OUT))
                .withTarget("session", who.session());
    }

    ListSessionsReply mine(ReadContext context, ListMySessionsRequest request) {
        return list(context, context.principal().id());
    }

    ListSessionsReply ofPrincipal(ReadContext context, ListSessionsRequest request) throws RefusedException {
        if (!streams.current(context.tenant(), principal(request.getPrincipalId()), PrincipalState.FOLD)
                .state()
                .exists()) {
            throw new RefusedException(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        return list(context, request.getPrincipalId());
    }

    private ListSessionsReply list(ReadContext context, String id) {
        String tenant = context.tenant();
        SessionEnds ends =
                streams.current(tenant, sessionEnds(id), SessionEnds.FOLD).state();
        var reply = ListSessionsReply.newBuilder();
        all(tenant, id).values().stream()
                .filter(session -> !ends.ends(session.id(), session.opened().getEpoch()))
                .map(session -> new Session.Now(
                        session,
                        streams.current(tenant, Session.refreshes(session.id()), Session.REFRESHED)
                                .state()))
                .filter(session -> !session.isOver(Clock.nowMicros()))
                .sorted(Comparator.comparingLong(Session.Now::openedAtMicros).reversed())
                .forEach(session -> reply.addSessions(listed(session, context.principal())));
        return reply.build();
    }

    private ListedSession listed(Session.Now now, Principal caller) {
        Session session = now.session();
        return ListedSession.newBuilder()
                .setSessionId(session.id())
                .setPrincipalId(session.opened().getPrincipalId())
                .setDevice(session.device())
                .setClient(session.client().open(keyring, caller.tenant()))
                .setAddress(session.address().open(keyring, caller.tenant()))
                .setSignedInAtMicros(now.openedAtMicros())
                .setLastUsedAtMicros(now.lastUsedMicros())
                .setIdleUntilMicros(now.idleUntilMicros())
                .setExpiresAtMicros(session.opened().getExpiresAtMicros())
                .setWorkspaceId(session.opened().getWorkspaceId())
                .setCurrent(session.id().equals(caller.session()))
                .build();
    }

    private Map<String, Session> all(String tenant, String principalId) {
        return streams.current(tenant, Session.all(principalId), Session.ALL).state();
    }

    CommandOutcome endMine(CommandContext context, EndMySessionsRequest request) {
        return end(
                context,
                context.principal().id(),
                request.getEndedSession(),
                request.getDevice(),
                request.getAll(),
                SessionEndCause.BY_PRINCIPAL,
                EndMySessionsReply.getDefaultInstance());
    }

    CommandOutcome endOthers(CommandContext context, EndSessionsRequest request) {
        if (!context.read(principal(request.getPrincipalId()), PrincipalState.FOLD)
                .exists()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_PRINCIPAL);
        }
        return end(
                context,
                request.getPrincipalId(),
                request.getEndedSession(),
                request.getDevice(),
                request.getAll(),
                SessionEndCause.BY_ANOTHER,
                EndSessionsReply.getDefaultInstance());
    }

    /** One that is over is ended: the same answer. */
    private static CommandOutcome end(
            CommandContext context,
            String principalId,
            String sessionId,
            String device,
            boolean all,
            SessionEndCause cause,
            Message reply) {
        if (Stream.of(!sessionId.isEmpty(), !device.isEmpty(), all)
                        .filter(said -> said)
                        .count()
                != 1) {
            return CommandOutcome.reject(IdentityRejection.WHICH_SESSIONS);
        }
        if (all) {
            return CommandOutcome.done(reply, Sessions.allEnded(context, principalId, cause));
        }
        if (!sessionId.isEmpty()
                && !context.read(Session.all(principalId), Session.ALL).containsKey(sessionId)) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_SESSION);
        }
        SessionEnds ends = context.read(sessionEnds(principalId), SessionEnds.FOLD);
        return CommandOutcome.done(
                reply,
                Sessions.live(context, principalId, ends).stream()
                        .map(Session.Now::session)
                        .filter(session -> sessionId.isEmpty() || session.id().equals(sessionId))
                        .filter(session -> device.isEmpty() || session.device().equals(device))
                        .map(session -> Sessions.ended(context, session, cause))
                        .toArray(NewEvent[]::new));
    }
}
