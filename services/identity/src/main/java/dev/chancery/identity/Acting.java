package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;
import static dev.chancery.decision.AuthorityStreams.sessionEnds;
import static dev.chancery.decision.AuthorityStreams.workspace;

import dev.chancery.boundary.tokens.TokenVerifier.Verified;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.Delegation;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.SessionEnds;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.identity.TokenExchange.Exchanged;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Principal.Type;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.AgentAllowed;
import dev.chancery.schema.identity.v1.AgentWithdrawn;
import dev.chancery.schema.identity.v1.AllowAgentReply;
import dev.chancery.schema.identity.v1.AllowAgentRequest;
import dev.chancery.schema.identity.v1.ExchangeTokenRequest;
import dev.chancery.schema.identity.v1.ListAgentsReply;
import dev.chancery.schema.identity.v1.ListAgentsRequest;
import dev.chancery.schema.identity.v1.ListedDelegation;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.WithdrawAgentReply;
import dev.chancery.schema.identity.v1.WithdrawAgentRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Agents and services that act for a user: whom a user lets do so, and the token by which they do. */
final class Acting {
    private static final int MAX_DELEGATIONS = 50;
    private static final int MAX_CAPABILITIES = 100;
    private static final Duration MAX_VALIDITY = Duration.ofDays(366);

    private final Streams streams;
    private final Tokens tokens;

    Acting(Streams streams, Tokens tokens) {
        this.streams = streams;
        this.tokens = tokens;
    }

    /** @param expiresAt when the first of the two tokens ends */
    private record Pair(Principal user, Principal agent, Instant expiresAt) {}

    /** The agent, acting for the user; as freshly authenticated as the one of them that it is longer ago for. */
    Principal identify(ExchangeTokenRequest request) throws RefusedException {
        Pair pair = pair(request);
        Principal user = pair.user();
        Principal agent = pair.agent();
        return new Principal(
                agent.type(),
                agent.id(),
                agent.tenant(),
                Optional.empty(),
                agent.session(),
                Optional.of(user.id()),
                user.authenticatedAt().isBefore(agent.authenticatedAt())
                        ? user.authenticatedAt()
                        : agent.authenticatedAt(),
                agent.epoch(),
                user.acr().equals(agent.acr()) ? user.acr() : "",
                Optional.of(new Principal.Session(user.session(), user.epoch())));
    }

    private Pair pair(ExchangeTokenRequest request) throws RefusedException {
        Verified.Good subject = good(request.getSubjectToken());
        Verified.Good actor = good(request.getAgentToken());
        Principal user = subject.principal();
        Principal agent = actor.principal();
        if (user.actingFor().isPresent() || agent.actingFor().isPresent()) {
            throw new RefusedException(FederationRejection.ACTOR_CHAIN);
        }
        boolean fit = user.type() == Type.USER
                && (agent.type() == Type.AGENT || agent.type() == Type.SERVICE)
                && user.tenant().equals(agent.tenant())
                && (request.getAudience().isEmpty() || request.getAudience().equals(user.tenant()));
        if (!fit) {
            throw new RefusedException(FederationRejection.ACTOR_TOKEN);
        }
        Instant expires = subject.expiresAt().isBefore(actor.expiresAt()) ? subject.expiresAt() : actor.expiresAt();
        return new Pair(user, agent, expires);
    }

    private Verified.Good good(String token) throws RefusedException {
        return tokens.good(token).orElseThrow(() -> new RefusedException(FederationRejection.ACTOR_TOKEN));
    }

    Exchanged exchange(CommandContext context, ExchangeTokenRequest request) throws RefusedException {
        Pair pair = pair(request);
        PrincipalState user = context.read(principal(pair.user().id()), PrincipalState.FOLD);
        PrincipalState agent = context.read(principal(pair.agent().id()), PrincipalState.FOLD);
        if (!user.active() || !agent.active() || isOver(context, pair.user()) || isOver(context, pair.agent())) {
            throw new RefusedException(FederationRejection.ACTOR_TOKEN);
        }
        long untilMicros = user.delegations().stream()
                .filter(given -> given.agentId().equals(pair.agent().id()) && given.countsAt(context.atMicros()))
                .mapToLong(Delegation::untilMicros)
                .max()
                .orElseThrow(() -> new RefusedException(FederationRejection.ACTOR_NOT_ALLOWED));
        Instant until = Instant.ofEpochMilli(untilMicros / 1_000);
        Instant expires = until.isBefore(pair.expiresAt()) ? until : pair.expiresAt();
        return new Exchanged(List.of(), "", expires, UnaryOperator.identity());
    }

    private static boolean isOver(CommandContext context, Principal signedIn) {
        return context.read(sessionEnds(signedIn.id()), SessionEnds.FOLD).ends(signedIn);
    }

    CommandOutcome allow(CommandContext context, AllowAgentRequest request) {
        Principal user = context.principal();
        if (!isOwn(user)) {
            return CommandOutcome.reject(FederationRejection.DELEGATION_OWN);
        }
        PrincipalState agent = context.read(principal(request.getAgentId()), PrincipalState.FOLD);
        if (!agent.active() || (agent.type() != PrincipalType.AGENT && agent.type() != PrincipalType.SERVICE)) {
            return CommandOutcome.reject(FederationRejection.DELEGATION_AGENT);
        }
        if (!request.getWorkspaceId().isEmpty()
                && !context.read(workspace(request.getWorkspaceId()), WorkspaceState.FOLD)
                        .exists()) {
            return CommandOutcome.reject(IdentityRejection.NO_SUCH_WORKSPACE);
        }
        long atMillis = context.atMicros() / 1_000;
        if (request.getUntilMillis() <= atMillis || request.getUntilMillis() > atMillis + MAX_VALIDITY.toMillis()) {
            return CommandOutcome.reject(FederationRejection.DELEGATION_END);
        }
        long now = context.atMicros();
        List<Delegation> before =
                context.read(principal(user.id()), PrincipalState.FOLD).delegations();
        if (before.stream().filter(given -> given.countsAt(now)).count() >= MAX_DELEGATIONS
                || request.getCapabilitiesCount() > MAX_CAPABILITIES) {
            return CommandOutcome.reject(FederationRejection.TOO_MANY_DELEGATIONS);
        }
        String id = context.newId();
        return CommandOutcome.done(
                AllowAgentReply.newBuilder().setDelegationId(id).build(),
                new NewEvent(
                        principal(user.id()),
                        AgentAllowed.newBuilder()
                                .setDelegationId(id)
                                .setPrincipalId(user.id())
                                .setAgentId(request.getAgentId())
                                .addAllCapabilities(request.getCapabilitiesList().stream()
                                        .distinct()
                                        .sorted()
                                        .toList())
                                .setWorkspaceId(request.getWorkspaceId())
                                .setUntilMicros(request.getUntilMillis() * 1_000)
                                .build()));
    }

    CommandOutcome withdraw(CommandContext context, WithdrawAgentRequest request) {
        Principal user = context.principal();
        if (!isOwn(user)) {
            return CommandOutcome.reject(FederationRejection.DELEGATION_OWN);
        }
        String id = request.getDelegationId();
        PrincipalState state = context.read(principal(user.id()), PrincipalState.FOLD);
        if (state.delegations().stream().noneMatch(given -> given.id().equals(id))) {
            return CommandOutcome.reject(FederationRejection.NO_SUCH_DELEGATION);
        }
        return CommandOutcome.done(
                WithdrawAgentReply.getDefaultInstance(),
                new NewEvent(
                        principal(user.id()),
                        AgentWithdrawn.newBuilder()
                                .setDelegationId(id)
                                .setPrincipalId(user.id())
                                .build()));
    }

    ListAgentsReply list(ReadContext context, ListAgentsRequest request) {
        var reply = ListAgentsReply.newBuilder();
        String id = context.principal().actingFor().orElse(context.principal().id());
        streams.current(context.tenant(), principal(id), PrincipalState.FOLD).state().delegations().stream()
                .filter(given -> given.countsAt(context.atMicros()))
                .forEach(given -> reply.addDelegations(ListedDelegation.newBuilder()
                        .setDelegationId(given.id())
                        .setAgentId(given.agentId())
                        .addAllCapabilities(
                                given.capabilities().stream().sorted().toList())
                        .setWorkspaceId(given.workspace())
                        .setUntilMillis(given.untilMicros() / 1_000)));
        return reply.build();
    }

    /** A user says so itself: not by an agent, which would let others in. */
    private static boolean isOwn(Principal caller) {
        return caller.type() == Type.USER && caller.actingFor().isEmpty();
    }
}
