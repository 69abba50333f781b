package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.principal;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.chancery.boundary.tokens.Jwt;
import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.Handler;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.PrincipalState;
import dev.chancery.kernel.Principal;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.RefreshTokenRequest;
import dev.chancery.schema.identity.v1.SignOutRequest;
import java.util.Optional;

/**
 * Who calls by a token of a session: to refresh it, and there the client shows its key too (RFC 6749, 6; RFC 9700, 4.14), or to end it.
 *
 * <p><b>Limits:</b> {@value #MAX_RECOGNISED} sessions that were looked up are remembered, to recognise their tokens.
 */
final class SessionCredentials {
    private static final int MAX_RECOGNISED = 20_000;

    /** By session id. Nothing is decided by these: a session may be over. */
    private final Cache<String, Known> recognisable =
            Caffeine.newBuilder().maximumSize(MAX_RECOGNISED).build();

    private final Streams streams;
    private final Tokens tokens;
    private final SignIn signIn;

    private record Known(Session session, Principal principal) {}

    SessionCredentials(Streams streams, Tokens tokens, SignIn signIn) {
        this.streams = streams;
        this.tokens = tokens;
        this.signIn = signIn;
    }

    /** Whose session a refresh token is one of, spent or not, where its client proves to be that one. */
    Handler.Identify<RefreshTokenRequest> ofRefresh() {
        return new Handler.Identify<>() {
            @Override
            public Optional<String> claimedName(RefreshTokenRequest request) {
                return signIn.claimedName(request.getClientAssertion());
            }

            @Override
            public Optional<Principal> recognise(RefreshTokenRequest request) {
                return signIn.recognise(request.getClientAssertion());
            }

            @Override
            public Principal identify(RefreshTokenRequest request) throws RefusedException {
                if (request.getClientAssertion().isEmpty()) {
                    throw new RefusedException(IdentityRejection.ASSERTION_MISSING);
                }
                Principal client = signIn.proved(request.getClientAssertion());
                // Before anything is read: what it names may be in another organisation's log.
                if (RefreshToken.read(request.getRefreshToken())
                        .filter(token -> token.tenant().equals(client.tenant())
                                && token.principalId().equals(client.id()))
                        .isEmpty()) {
                    throw new RefusedException(IdentityRejection.REFRESH_INVALID);
                }
                return holder(request.getRefreshToken());
            }
        };
    }

    /** Whose session a token is one of. */
    Handler.Identify<SignOutRequest> ofSignOut() {
        return new Handler.Identify<>() {
            @Override
            public Optional<String> claimedName(SignOutRequest request) {
                return RefreshToken.isOne(request.getToken())
                        ? RefreshToken.read(request.getToken())
                                .map(token -> Principals.clientId(token.tenant(), token.principalId()))
                        : Jwt.read(request.getToken()).flatMap(token -> token.claim("client_id"));
            }

            @Override
            public Optional<Principal> recognise(SignOutRequest request) {
                return RefreshToken.isOne(request.getToken())
                        ? recognised(request.getToken())
                        : tokens.recognised(request.getToken());
            }

            @Override
            public Principal identify(SignOutRequest request) throws RefusedException {
                return RefreshToken.isOne(request.getToken())
                        ? holder(request.getToken())
                        : tokens.principalOf(request.getToken())
                                .orElseThrow(() -> new RefusedException(IdentityRejection.TOKEN_UNKNOWN));
            }
        };
    }

    private Optional<Principal> recognised(String text) {
        return RefreshToken.read(text)
                .flatMap(token -> Optional.ofNullable(recognisable.getIfPresent(token.session()))
                        .filter(known -> known.principal().tenant().equals(token.tenant())
                                && known.principal().id().equals(token.principalId())
                                && known.session().hasFamilyOf(token)))
                .map(Known::principal);
    }

    private Principal holder(String text) throws RefusedException {
        RefreshToken token =
                RefreshToken.read(text).orElseThrow(() -> new RefusedException(IdentityRejection.REFRESH_INVALID));
        Session session = Optional.ofNullable(
                        streams.current(token.tenant(), Session.all(token.principalId()), Session.ALL)
                                .state()
                                .get(token.session()))
                .filter(known -> known.hasFamilyOf(token))
                .orElseThrow(() -> new RefusedException(IdentityRejection.REFRESH_INVALID));
        PrincipalState state = streams.current(token.tenant(), principal(token.principalId()), PrincipalState.FOLD)
                .state();
        Principal holder = session.principal(Principal.Type.valueOf(state.type().name()), token.tenant());
        recognisable.put(token.session(), new Known(session, holder));
        return holder;
    }
}
