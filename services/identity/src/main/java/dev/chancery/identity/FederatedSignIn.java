package dev.chancery.identity;

import static dev.chancery.decision.AuthorityStreams.ISSUERS;
import static dev.chancery.decision.AuthorityStreams.principal;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.google.protobuf.ByteString;
import dev.chancery.boundary.tokens.Jwt;
import dev.chancery.command.CommandContext;
import dev.chancery.command.CommandOutcome.Done;
import dev.chancery.command.Ids;
import dev.chancery.command.PrincipalNames;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.PrincipalState;
import dev.chancery.decision.TrustedIssuers;
import dev.chancery.identity.SubjectToken.Fault;
import dev.chancery.identity.TokenExchange.Exchanged;
import dev.chancery.kernel.Principal;
import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.StreamId;
import dev.chancery.keyring.Keyring;
import dev.chancery.log.Claim;
import dev.chancery.log.Claims;
import dev.chancery.log.Digest;
import dev.chancery.log.NewEvent;
import dev.chancery.log.Streams;
import dev.chancery.schema.identity.v1.ExchangeTokenRequest;
import dev.chancery.schema.identity.v1.IssuerRole;
import dev.chancery.schema.identity.v1.IssuerRolesChanged;
import dev.chancery.schema.identity.v1.IssuerTrusted;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.identity.v1.SubjectBound;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The users and workloads of an organisation's issuers: the first token of each makes a principal of it, and each token brings its roles.
 *
 * <p>The request names the organisation, since an issuer may be trusted by many. That alone is worth nothing: the issuer and its keys are
 * those that this organisation registered, and the principal is one of this organisation's.
 */
final class FederatedSignIn {
    /** The kind of claim that holds an issuer's user. */
    private static final String SUBJECT = "subject";

    private static final int MAX_RECOGNISED = 20_000;

    /** By organisation and name at the issuer. Nothing is decided by these: an issuer may be trusted no more. */
    private final Cache<String, Known> recognisable =
            Caffeine.newBuilder().maximumSize(MAX_RECOGNISED).build();

    private final Streams streams;
    private final Claims claims;
    private final Keyring keyring;
    private final PrincipalNames names;

    FederatedSignIn(Streams streams, Claims claims, Keyring keyring) {
        this.streams = streams;
        this.claims = claims;
        this.keyring = keyring;
        this.names = new PrincipalNames(claims, keyring);
    }

    private record Verified(SubjectToken token, IssuerTrusted issuer) {
        String name() {
            return issuer.getIssuerId() + "\n" + token.subject().orElseThrow();
        }
    }

    /** Who was let in, and by which terms. */
    private record Known(IssuerTrusted issuer, Principal principal) {}

    /** The issuer's user, if its token is good by the keys that its last one was: waits for nothing. */
    Optional<Principal> recognise(ExchangeTokenRequest request) {
        return Jwt.read(request.getSubjectToken())
                .flatMap(jwt -> name(request.getAudience(), jwt)
                        .flatMap(name -> Optional.ofNullable(recognisable.getIfPresent(name)))
                        .filter(known -> SubjectToken.of(jwt, known.issuer())
                                .fault(Instant.now())
                                .isEmpty()))
                .map(Known::principal);
    }

    private static Optional<String> name(String tenant, Jwt jwt) {
        return jwt.claim("iss")
                .flatMap(issuer -> jwt.claim("sub").map(subject -> tenant + "\n" + issuer + "\n" + subject));
    }

    Principal identify(ExchangeTokenRequest request) throws RefusedException {
        String tenant = request.getAudience();
        Verified verified = verified(
                request, streams.current(tenant, ISSUERS, TrustedIssuers.FOLD).state(), Instant.now());
        Principal caller = identify(request, tenant, verified);
        Jwt.read(request.getSubjectToken())
                .flatMap(jwt -> name(tenant, jwt))
                .ifPresent(name -> recognisable.put(name, new Known(verified.issuer(), caller)));
        return caller;
    }

    private Principal identify(ExchangeTokenRequest request, String tenant, Verified verified) throws RefusedException {
        byte[] name = verified.name().getBytes(StandardCharsets.UTF_8);
        Optional<String> known = claims.holder(tenant, SUBJECT, new Digest(keyring.keyedHash(tenant, SUBJECT, name)))
                .map(stream -> stream.value().substring(stream.value().lastIndexOf('/') + 1));
        if (known.isEmpty()) {
            if (!request.getWorkspaceId().isEmpty()) {
                // Who is new is in no workspace: refused before anything is written, however often it is tried.
                throw new RefusedException(IdentityRejection.NOT_A_MEMBER);
            }
            return caller(
                    verified, tenant, Ids.uuidV7().toString(), verified.issuer().getCreates());
        }
        PrincipalState state = streams.current(tenant, principal(known.get()), PrincipalState.FOLD)
                .state();
        return caller(verified, tenant, known.get(), state.active() ? state.type() : PrincipalType.UNRECOGNIZED);
    }

    private static Principal caller(Verified verified, String tenant, String id, PrincipalType type)
            throws RefusedException {
        if (type != PrincipalType.USER && type != PrincipalType.SERVICE) {
            throw new RefusedException(FederationRejection.SUBJECT_UNKNOWN);
        }
        return new Principal(
                Principal.Type.valueOf(type.name()),
                id,
                tenant,
                Optional.empty(),
                "",
                Optional.empty(),
                verified.token().authenticatedAt(type == PrincipalType.USER),
                0,
                verified.token().acr());
    }

    private static Verified verified(ExchangeTokenRequest request, TrustedIssuers issuers, Instant now)
            throws RefusedException {
        Jwt jwt = Jwt.read(request.getSubjectToken())
                .orElseThrow(() -> new RefusedException(FederationRejection.SUBJECT_TOKEN_INVALID));
        IssuerTrusted issuer = jwt.claim("iss")
                .flatMap(issuers::named)
                .orElseThrow(() -> new RefusedException(FederationRejection.SUBJECT_TOKEN_INVALID));
        SubjectToken token = SubjectToken.of(jwt, issuer);
        Optional<Fault> fault = token.fault(now);
        if (fault.isPresent()) {
            throw new RefusedException(rejection(fault.get()));
        }
        return new Verified(token, issuer);
    }

    private static Rejection rejection(Fault fault) {
        return switch (fault) {
            case UNSIGNED -> FederationRejection.SUBJECT_TOKEN_INVALID;
            case AUDIENCE -> FederationRejection.SUBJECT_TOKEN_AUDIENCE;
            case TIME -> FederationRejection.SUBJECT_TOKEN_TIME;
            case CONDITIONS -> FederationRejection.SUBJECT_TOKEN_CONDITIONS;
            case SUBJECT -> FederationRejection.SUBJECT_TOKEN_SUBJECT;
        };
    }

    /** Verified again, since the issuer may have been changed, or distrusted, in between. */
    Exchanged exchange(CommandContext context, ExchangeTokenRequest request) throws RefusedException {
        Instant now = Instant.ofEpochMilli(context.atMicros() / 1_000);
        Verified verified = verified(request, context.read(ISSUERS, TrustedIssuers.FOLD), now);
        String id = context.principal().id();
        PrincipalState state = context.read(principal(id), PrincipalState.FOLD);
        if (state.exists() && !state.active()) {
            throw new RefusedException(FederationRejection.SUBJECT_UNKNOWN);
        }
        List<NewEvent> events = new ArrayList<>();
        UnaryOperator<Done> conditions = once(context, verified, now);
        if (!state.exists()) {
            conditions = introduced(context, verified, events, conditions);
        }
        roles(context, verified, state).ifPresent(events::add);
        return new Exchanged(
                events, verified.issuer().getIssuerId(), verified.token().expiresAt(), conditions);
    }

    private static UnaryOperator<Done> once(CommandContext context, Verified verified, Instant now) {
        Digest key = context.hash(
                "subject-token",
                verified.issuer().getIssuerId() + "\n" + verified.token().id());
        long keptMillis = Duration.between(now, verified.token().expiresAt())
                .plusSeconds(2 * SubjectToken.MAX_SKEW_SECONDS)
                .toMillis();
        return done -> done.withOnce(key, FederationRejection.SUBJECT_TOKEN_REPLAYED, keptMillis);
    }

    /** Makes a principal of whoever comes for the first time. An address that is somebody else's stays theirs. */
    private UnaryOperator<Done> introduced(
            CommandContext context, Verified verified, List<NewEvent> events, UnaryOperator<Done> conditions) {
        String id = context.principal().id();
        SubjectToken token = verified.token();
        String email = token.email()
                .filter(address -> names.find(context.tenant(), address).isEmpty())
                .orElse("");
        StreamId stream = principal(id);
        events.add(Principals.created(
                context,
                id,
                PrincipalType.valueOf(context.principal().type().name()),
                token.displayName(),
                email,
                "",
                ByteString.EMPTY));
        events.add(new NewEvent(
                stream,
                SubjectBound.newBuilder()
                        .setPrincipalId(id)
                        .setIssuerId(verified.issuer().getIssuerId())
                        .setSubject(context.seal(
                                id,
                                SubjectBound.getDescriptor(),
                                "subject",
                                token.subject().orElseThrow()))
                        .build()));
        var subject = new Claim(SUBJECT, context.hash(SUBJECT, verified.name()), stream, true);
        return done -> {
            Done bound = conditions.apply(done).withClaim(subject, FederationRejection.SUBJECT_RACED);
            return email.isEmpty()
                    ? bound
                    : bound.withClaim(Principals.address(context, id, email, true), FederationRejection.SUBJECT_RACED);
        };
    }

    private record Place(String role, String workspace) {}

    /** The roles that its groups give it now; nothing where they are those that it has. */
    private static Optional<NewEvent> roles(CommandContext context, Verified verified, PrincipalState state) {
        String id = context.principal().id();
        IssuerTrusted issuer = verified.issuer();
        Set<String> groups = verified.token().groups();
        Set<Place> given = new HashSet<>();
        if (!issuer.getAuthorIdsList().contains(id)) {
            issuer.getGroupRolesList().stream()
                    .filter(mapped -> groups.contains(mapped.getGroup()))
                    .forEach(mapped -> given.add(new Place(mapped.getRole(), mapped.getWorkspaceId())));
        }
        List<Assignment> held = state.issuerRoles().held();
        var changed = IssuerRolesChanged.newBuilder().setPrincipalId(id).setIssuerId(issuer.getIssuerId());
        Set<Place> before = new HashSet<>();
        for (Assignment role : held) {
            Place place = new Place(role.role(), role.workspace());
            before.add(place);
            if (given.contains(place)) {
                changed.addRoles(role(role.id(), place, role.fromMicros()));
            }
        }
        if (before.equals(given)) {
            return Optional.empty();
        }
        given.stream()
                .filter(place -> !before.contains(place))
                .forEach(place -> changed.addRoles(role(context.newId(), place, context.atMicros())));
        return Optional.of(new NewEvent(principal(id), changed.build()));
    }

    private static IssuerRole role(String id, Place place, long fromMicros) {
        return IssuerRole.newBuilder()
                .setAssignmentId(id)
                .setRole(place.role())
                .setWorkspaceId(place.workspace())
                .setFromMicros(fromMicros)
                .build();
    }
}
