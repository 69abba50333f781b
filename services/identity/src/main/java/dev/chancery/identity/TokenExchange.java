package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.sessionEnds;
import static dev.chancery.decision.AuthorityStreams.workspace;

import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.CommandOutcome.Done;
import dev.chancery.command.Handler;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.SessionEnds;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.NewEvent;
import dev.chancery.schema.identity.v1.ExchangeTokenReply;
import dev.chancery.schema.identity.v1.ExchangeTokenRequest;
import dev.chancery.schema.identity.v1.TokenIssued;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** One token for another (RFC 8693): an issuer's for ours, or a user's and an agent's for one by which the agent acts for the user. */
final class TokenExchange implements Handler.Identify<ExchangeTokenRequest> {
    static final String ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

    private final FederatedSignIn federated;
    private final Acting acting;
    private final Tokens tokens;

    TokenExchange(FederatedSignIn federated, Acting acting, Tokens tokens) {
        this.federated = federated;
        this.acting = acting;
        this.tokens = tokens;
    }

    /**
     * What exchanging comes to.
     *
     * @param events what happens besides
     * @param issuerId whose token it was; empty: ours
     * @param expiresAt when the first of the tokens ends that were exchanged
     * @param conditions what the outcome rests on besides
     */
    record Exchanged(List<NewEvent> events, String issuerId, Instant expiresAt, UnaryOperator<Done> conditions) {}

    /** An agent by both tokens; an issuer's user by the issuer's keys, once this process has let it in. */
    @Override
    public Optional<Principal> recognise(ExchangeTokenRequest request) {
        return isOfOurs(request)
                ? tokens.recognised(request.getSubjectToken())
                        .flatMap(user -> tokens.recognised(request.getAgentToken()))
                : federated.recognise(request);
    }

    private static boolean isOfOurs(ExchangeTokenRequest request) {
        return request.getSubjectTokenType().equals(ACCESS_TOKEN);
    }

    @Override
    public Principal identify(ExchangeTokenRequest request) throws RefusedException {
        boolean ofOurs = isOfOurs(request);
        boolean complete = ofOurs
                ? !request.getAgentToken().isEmpty()
                        && !request.getAgentTokenType().isEmpty()
                : request.getAgentToken().isEmpty()
                        && request.getAgentTokenType().isEmpty()
                        && !request.getAudience().isEmpty();
        if (!complete) {
            throw new RefusedException(FederationRejection.TOKEN_TYPES);
        }
        return ofOurs ? acting.identify(request) : federated.identify(request);
    }

    CommandOutcome exchange(CommandContext context, ExchangeTokenRequest request) {
        try {
            boolean forSomebody = context.principal().actingFor().isPresent();
            Exchanged exchanged =
                    forSomebody ? acting.exchange(context, request) : federated.exchange(context, request);
            return issued(context, request.getWorkspaceId(), exchanged);
        } catch (RefusedException e) {
            return CommandOutcome.reject(e.rejection());
        }
    }

    /** The caller as from now on: nothing that ended all of its sessions before ends this one. */
    private static Principal signedIn(CommandContext context) {
        Principal caller = context.principal();
        if (caller.actingFor().isPresent()) {
            return caller;
        }
        return new Principal(
                caller.type(),
                caller.id(),
                caller.tenant(),
                caller.workspace(),
                caller.session(),
                caller.actingFor(),
                caller.authenticatedAt(),
                context.read(sessionEnds(caller.id()), SessionEnds.FOLD).epoch(),
                caller.acr());
    }

    private CommandOutcome issued(CommandContext context, String workspaceId, Exchanged exchanged)
            throws RefusedException {
        Principal caller = context.principal();
        Optional<String> active = Optional.of(workspaceId).filter(id -> !id.isEmpty());
        if (active.isPresent()) {
            var members =
                    context.read(workspace(active.get()), WorkspaceState.FOLD).members();
            if (!members.contains(caller.id())
                    || !caller.actingFor().map(members::contains).orElse(true)) {
                throw new RefusedException(IdentityRejection.NOT_A_MEMBER);
            }
        }
        Instant now = Instant.ofEpochMilli(context.atMicros() / 1_000);
        Instant full = now.plus(Tokens.LIFETIME);
        Instant expires = full.isBefore(exchanged.expiresAt()) ? full : exchanged.expiresAt();
        long seconds = Duration.between(now, expires).toSeconds();
        if (seconds <= 0) {
            throw new RefusedException(FederationRejection.SUBJECT_TOKEN_TIME);
        }
        String tokenId = context.newId();
        List<NewEvent> events = new ArrayList<>(exchanged.events());
        events.add(new NewEvent(
                context.fresh(StreamId.of("identity", "token", tokenId)),
                TokenIssued.newBuilder()
                        .setTokenId(tokenId)
                        .setPrincipalId(caller.id())
                        .setWorkspaceId(workspaceId)
                        .setExpiresAtMicros(expires.toEpochMilli() * 1_000)
                        .setActingForId(caller.actingFor().orElse(""))
                        .setIssuerId(exchanged.issuerId())
                        .build()));
        var reply = ExchangeTokenReply.newBuilder()
                .setAccessToken(tokens.issue(tokenId, signedIn(context), active, now, expires))
                .setTokenType("Bearer")
                .setExpiresInSeconds((int) seconds)
                .setIssuedTokenType(ACCESS_TOKEN)
                .setPrincipalId(caller.id())
                .build();
        Done done = CommandOutcome.done(reply, events.toArray(NewEvent[]::new)).withTarget("token", tokenId);
        return exchanged.conditions().apply(done);
    }
}
