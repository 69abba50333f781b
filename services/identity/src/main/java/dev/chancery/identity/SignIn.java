package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;
import static dev.chancery.decision.AuthorityStreams.workspace;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome;
import dev.chancery.command.FailedSignInException;
import dev.chancery.command.Handler;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.WorkspaceState;
import dev.chancery.identity.ClientAssertion.Fault;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.IssueTokenReply;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import java.time.Instant;
import java.util.Optional;

/**
 * A client assertion for an access token: each assertion once.
 *
 * <p><b>Limits:</b> {@value #MAX_RECOGNISED} clients that signed in are remembered, to recognise them by their keys.
 */
final class SignIn implements Handler.Identify<IssueTokenRequest> {
    private static final int MAX_RECOGNISED = 20_000;
    private static final PrincipalState NOBODY = PrincipalState.FOLD.initial();

    /** By client id. Nothing is decided by these: a key may have been replaced, and its client deactivated. */
    private final Cache<String, PrincipalState> recognisable =
            Caffeine.newBuilder().maximumSize(MAX_RECOGNISED).build();

    private final Streams streams;
    private final Tokens tokens;
    private final Sessions sessions;

    SignIn(Streams streams, Tokens tokens, Sessions sessions) {
        this.streams = streams;
        this.tokens = tokens;
        this.sessions = sessions;
    }

    @Override
    public Optional<String> claimedName(IssueTokenRequest request) {
        return claimedName(request.getClientAssertion());
    }

    @Override
    public Optional<Principal> recognise(IssueTokenRequest request) {
        return recognise(request.getClientAssertion());
    }

    /** Whose assertion it claims to be. */
    Optional<String> claimedName(String jwt) {
        return ClientAssertion.read(jwt).map(ClientAssertion::clientId);
    }

    /** The client that an assertion proves, by what is in memory. */
    Optional<Principal> recognise(String jwt) {
        return ClientAssertion.read(jwt).flatMap(assertion -> {
            PrincipalState known = recognisable.asMap().getOrDefault(assertion.clientId(), NOBODY);
            return refused(assertion, jwt, known).isEmpty() ? Optional.of(client(assertion, known)) : Optional.empty();
        });
    }

    @Override
    public Principal identify(IssueTokenRequest request) throws RefusedException {
        return proved(request.getClientAssertion());
    }

    /**
     * The client that an assertion proves.
     *
     * @throws FailedSignInException where there is a client of that name, and it doesn't prove that it is that one
     */
    Principal proved(String jwt) throws RefusedException {
        ClientAssertion assertion =
                ClientAssertion.read(jwt).orElseThrow(() -> new RefusedException(IdentityRejection.ASSERTION_INVALID));
        PrincipalState state = streams.current(
                        assertion.tenant(), principal(assertion.principalId()), PrincipalState.FOLD)
                .state();
        Optional<Rejection> refused = refused(assertion, jwt, state);
        if (refused.isEmpty()) {
            recognisable.put(assertion.clientId(), state);
            return client(assertion, state);
        }
        // Whoever has the key of before is recognised no more.
        recognisable.asMap().computeIfPresent(assertion.clientId(), (id, known) -> state);
        throw state.exists()
                ? new FailedSignInException(refused.get(), assertion.tenant(), assertion.principalId())
                : new RefusedException(refused.get());
    }

    /** Why an assertion is refused. Whoever it names, its signature is verified: the time doesn't tell whether there is such a client. */
    private Optional<Rejection> refused(ClientAssertion assertion, String jwt, PrincipalState state) {
        Optional<Rejection> refused = fault(assertion, jwt, state).map(SignIn::rejection);
        return state.active() ? refused : Optional.of(IdentityRejection.ASSERTION_INVALID);
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
                Instant.now(),
                0,
                Principal.STRONG);
    }

    private static Rejection rejection(Fault fault) {
        return switch (fault) {
            case UNSIGNED -> IdentityRejection.ASSERTION_INVALID;
            case AUDIENCE -> IdentityRejection.ASSERTION_AUDIENCE;
            case TIME -> IdentityRejection.ASSERTION_TIME;
        };
    }

    CommandOutcome issueToken(CommandContext context, IssueTokenRequest request) {
        String jwt = request.getClientAssertion();
        String id = context.principal().id();
        Optional<Rejection> refused = refused(read(jwt), jwt, context.read(principal(id), PrincipalState.FOLD));
        if (refused.isPresent()) {
            return CommandOutcome.reject(refused.get());
        }
        Optional<String> active = Optional.of(request.getWorkspaceId()).filter(workspace -> !workspace.isEmpty());
        if (active.isPresent()
                && !context.read(workspace(active.get()), WorkspaceState.FOLD)
                        .members()
                        .contains(id)) {
            return CommandOutcome.reject(IdentityRejection.NOT_A_MEMBER);
        }
        var who = new SignedIn(
                id,
                context.principal().type(),
                active,
                Optional.empty(),
                Instant.ofEpochMilli(context.atMicros() / 1000),
                Principal.STRONG,
                request.getOffline(),
                request.getDevice());
        return switch (sessions.open(context, who)) {
            case Opening.Refused full -> CommandOutcome.reject(full.rejection());
            case Opening.Opened opened ->
                once(
                        context,
                        CommandOutcome.done(reply(opened), opened.events().toArray(NewEvent[]::new))
                                .withTarget("token", opened.tokenId()),
                        jwt);
        };
    }

    private static IssueTokenReply reply(Opening.Opened opened) {
        var reply = IssueTokenReply.newBuilder()
                .setAccessToken(opened.accessToken())
                .setTokenType("Bearer")
                .setExpiresInSeconds(opened.expiresInSeconds());
        opened.refreshToken().ifPresent(reply::setRefreshToken);
        return reply.build();
    }

    /** An outcome for which an assertion counts that has not counted before. */
    CommandOutcome.Done once(CommandContext context, CommandOutcome.Done done, String jwt) {
        return done.withOnce(
                context.hash(
                        "assertion", context.principal().id() + "\n" + read(jwt).id()),
                IdentityRejection.ASSERTION_REPLAYED,
                Tokens.LIFETIME.toMillis());
    }

    private static ClientAssertion read(String jwt) {
        return ClientAssertion.read(jwt).orElseThrow(() -> new IllegalStateException("read before"));
    }
}
