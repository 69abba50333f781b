package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;
import static dev.chancery.decision.AuthorityStreams.workspace;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.Handler;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.identity.ClientAssertion.Fault;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.identity.v1.TokenIssued;
import java.time.Instant;
import java.util.Optional;

/**
 * A client assertion for an access token: each assertion once.
 *
 * <p><b>Limits:</b> {@value #MAX_RECOGNISED} clients that signed in are remembered, to recognise them by their keys.
 */
final class SignIn implements Handler.Identify<IssueTokenRequest> {
    private static final int MAX_RECOGNISED = 20_000;

    /** By client id. Nothing is decided by these: a key may have been replaced, and its client deactivated. */
    private final Cache<String, PrincipalState> recognisable =
            Caffeine.newBuilder().maximumSize(MAX_RECOGNISED).build();

    private final Streams streams;
    private final Tokens tokens;

    SignIn(Streams streams, Tokens tokens) {
        this.streams = streams;
        this.tokens = tokens;
    }

    @Override
    public Optional<Principal> recognise(IssueTokenRequest request) {
        String jwt = request.getClientAssertion();
        return ClientAssertion.read(jwt)
                .flatMap(assertion -> Optional.ofNullable(recognisable.getIfPresent(assertion.clientId()))
                        .filter(known -> fault(assertion, jwt, known).isEmpty())
                        .map(known -> client(assertion, known)));
    }

    @Override
    public Principal identify(IssueTokenRequest request) throws RefusedException {
        String jwt = request.getClientAssertion();
        ClientAssertion assertion = ClientAssertion.read(jwt).orElseThrow(SignIn::invalid);
        PrincipalState state = streams.current(
                        assertion.tenant(), principal(assertion.principalId()), PrincipalState.FOLD)
                .state();
        if (!state.active()) {
            throw invalid();
        }
        Optional<Fault> fault = fault(assertion, jwt, state);
        if (fault.isPresent()) {
            throw new RefusedException(rejection(fault.get()));
        }
        recognisable.put(assertion.clientId(), state);
        return client(assertion, state);
    }

    private Optional<Fault> fault(ClientAssertion assertion, String jwt, PrincipalState state) {
        return assertion.fault(jwt, state.publicKey(), new Issuers(tokens.issuer()).audiences());
    }

    private static Principal client(ClientAssertion assertion, PrincipalState state) {
        return new Principal(
                Principal.Type.valueOf(state.type().name()),
                assertion.principalId(),
                assertion.tenant(),
                Optional.empty(),
                "",
                Optional.empty(),
                Instant.now());
    }

    private static Rejection rejection(Fault fault) {
        return switch (fault) {
            case UNSIGNED -> IdentityRejection.ASSERTION_INVALID;
            case AUDIENCE -> IdentityRejection.ASSERTION_AUDIENCE;
            case TIME -> IdentityRejection.ASSERTION_TIME;
        };
    }

    private static RefusedException invalid() {
        return new RefusedException(IdentityRejection.ASSERTION_INVALID);
    }

    CommandOutcome issueToken(CommandContext context, IssueTokenRequest request) {
        String id = context.principal().id();
        if (!context.read(principal(id), PrincipalState.FOLD).active()) {
            return CommandOutcome.reject(IdentityRejection.ASSERTION_INVALID);
        }
        Optional<String> active = Optional.of(request.getWorkspaceId()).filter(workspace -> !workspace.isEmpty());
        if (active.isPresent()
                && !context.read(workspace(active.get()), WorkspaceState.FOLD)
                        .members()
                        .contains(id)) {
            return CommandOutcome.reject(IdentityRejection.NOT_A_MEMBER);
        }
        String tokenId = context.newId();
        Instant now = Instant.ofEpochMilli(context.atMicros() / 1000);
        Instant expires = now.plus(Tokens.LIFETIME);
        String assertionId = ClientAssertion.read(request.getClientAssertion())
                .orElseThrow(() -> new IllegalStateException("read before"))
                .id();
        return CommandOutcome.done(
                        IssueTokenReply.newBuilder()
                                .setAccessToken(tokens.issue(tokenId, context.principal(), active, now))
                                .setTokenType("Bearer")
                                .setExpiresInSeconds((int) Tokens.LIFETIME.toSeconds())
                                .build(),
                        new NewEvent(
                                context.fresh(StreamId.of("identity", "token", tokenId)),
                                TokenIssued.newBuilder()
                                        .setTokenId(tokenId)
                                        .setPrincipalId(id)
                                        .setWorkspaceId(active.orElse(""))
                                        .setExpiresAtMicros(expires.toEpochMilli() * 1000)
                                        .build()))
                .withTarget("token", tokenId)
                .withOnce(
                        context.hash("assertion", id + "\n" + assertionId),
                        IdentityRejection.ASSERTION_REPLAYED,
                        Tokens.LIFETIME.toMillis());
    }
}
