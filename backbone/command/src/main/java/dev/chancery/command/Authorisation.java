package dev.chancery.command;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.decision.CallerDecision;
import dev.chancery.decision.ConsentGate;
import dev.chancery.decision.Consents;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.Part;
import dev.chancery.decision.Purposes;
import dev.chancery.decision.SessionEnds;
import dev.chancery.kernel.Position;
import dev.chancery.kernel.Principal;
import dev.chancery.projection.Positions;
import dev.chancery.schema.ContractMethod;
import dev.chancery.schema.options.v1.Options;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Whether a caller may do what it asks for, and whether the views that answer a query have come far enough. */
public final class Authorisation {
    private static final RequestField WORKSPACE = new RequestField("workspace_id");

    /** Names whom a request is about. */
    private static final RequestField ABOUT = new RequestField("subject_id", "principal_id");

    /** The first of some fields that a request has. The look-up by name costs each check more than the decision, so its result is kept. */
    private record RequestField(List<String> names, Map<Descriptor, Optional<FieldDescriptor>> found) {
        RequestField(String... names) {
            this(List.of(names), new ConcurrentHashMap<>());
        }

        Optional<FieldDescriptor> of(Descriptor request) {
            return found.computeIfAbsent(request, unknown -> names.stream()
                    .map(unknown::findFieldByName)
                    .filter(Objects::nonNull)
                    .findFirst());
        }
    }

    private final DecisionPoint decisions;
    private final Map<String, Positions> views;

    /** @param views how far each feature's view is, for those that answer from one */
    public Authorisation(DecisionPoint decisions, Map<String, Positions> views) {
        this.decisions = decisions;
        this.views = Map.copyOf(views);
    }

    /**
     * Where a call takes place: in the caller's active workspace if that is the one it names, otherwise in the whole organisation. A
     * grant that is scoped to a workspace is worth nothing for what reaches beyond it.
     */
    public static String where(ContractMethod method, Message request, Principal principal) {
        return principal
                .workspace()
                .filter(active -> WORKSPACE
                        .of(method.input())
                        .filter(field -> active.equals(request.getField(field)))
                        .isPresent())
                .orElse("");
    }

    /**
     * Whom a call is about, for a capability that takes their consent: whom its request names, or the caller where the contract says
     * so of a field that is left empty. Empty: nobody in particular, as a list without a filter.
     */
    public static String about(Message request, Principal principal) {
        return ABOUT.of(request.getDescriptorForType())
                .map(field -> about(field, (String) request.getField(field), principal))
                .orElse("");
    }

    private static String about(FieldDescriptor field, String named, Principal principal) {
        boolean caller = named.isEmpty()
                && field.getOptions().getExtension(Options.field).getNamesCaller();
        return caller ? principal.id() : named;
    }

    /** What somebody has consented to, as far as this process has seen; empty: nobody. */
    public ConsentGate consents(String tenant, String aboutId) {
        return aboutId.isEmpty()
                ? ConsentGate.NONE
                : (scope, atMicros) -> state(tenant, Purposes.PART, "").flatMap(purposes -> state(
                                tenant, Consents.PART, aboutId)
                        .flatMap(consents -> ConsentGate.of(purposes, consents).find(scope, atMicros)));
    }

    private <S> Optional<S> state(String tenant, Part<S> part, String id) {
        return decisions.state(tenant, part, id, OptionalLong.empty(), Duration.ZERO);
    }

    /**
     * All that decides what a caller may do whose session goes on, and whom it acts for, as far as this process has seen within {@link
     * DecisionPoint#MAX_AGE}.
     *
     * @param seen the position the caller has seen: the answer takes it into account, or there is none
     * @return by the id of one of them
     */
    public Function<String, Authority> authorities(Principal principal, Optional<Position> seen)
            throws RefusedException {
        OptionalLong atLeast =
                seen.map(position -> OptionalLong.of(position.value())).orElse(OptionalLong.empty());
        Map<String, Authority> authorities = new HashMap<>();
        authorities.put(principal.id(), authority(principal.tenant(), principal.id(), atLeast));
        boolean over = sessionEnds(principal.tenant(), principal.id()).ends(principal);
        if (principal.actingFor().isPresent()) {
            String whom = principal.actingFor().get();
            authorities.put(whom, authority(principal.tenant(), whom, atLeast));
            over |= sessionEnds(principal.tenant(), whom).endsActingBy(principal);
        }
        if (over) {
            throw new RefusedException(BoundaryRejection.SESSION_OVER);
        }
        return id -> Objects.requireNonNull(authorities.get(id));
    }

    private SessionEnds sessionEnds(String tenant, String principalId) throws RefusedException {
        return decisions
                .sessionEnds(tenant, principalId)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE));
    }

    private Authority authority(String tenant, String principalId, OptionalLong atLeast) throws RefusedException {
        return decisions
                .authority(tenant, principalId, atLeast, Limits.POSITION_WAIT)
                .orElseThrow(() -> new RefusedException(
                        atLeast.isPresent() ? BoundaryRejection.POSITION_NOT_REACHED : BoundaryRejection.STALE))
                .authority();
    }

    /**
     * Refuses whoever lacks a capability, or acts for somebody who does or did not allow it, or was authenticated too long ago to use it.
     *
     * @param authorities what decides about a principal, by its id
     * @param consents what those have consented to whom the call is about
     * @param where the workspace; empty: the whole organisation
     */
    public static AuthorityDecision require(
            Principal principal,
            Function<String, Authority> authorities,
            ConsentGate consents,
            String capability,
            String where,
            long atMicros)
            throws RefusedException {
        AuthorityDecision decision =
                CallerDecision.decide(principal, authorities, consents, capability, where, atMicros);
        if (!decision.granted()) {
            throw refusal(decision, capability, consents);
        }
        requireFresh(authorities.apply(principal.id()).sensitivity(capability).stepUpSeconds(), principal);
        return decision;
    }

    /** The refusal of a capability: it names what is missing, which the contract says to everybody anyway. */
    private static RefusedException refusal(AuthorityDecision denied, String capability, ConsentGate consents) {
        return switch (denied.reason()) {
            case BREAK_GLASS_ONLY ->
                new RefusedException(
                        BoundaryRejection.BREAK_GLASS_ONLY,
                        "The caller's roles give " + capability + " by break-glass only.");
            case CONSENT ->
                new RefusedException(
                        consents.equals(ConsentGate.NONE)
                                ? BoundaryRejection.CONSENT_OF_NOBODY
                                : BoundaryRejection.CONSENT,
                        "Using " + capability + " takes the consent of whom it is about"
                                + (denied.missingScope().isEmpty() ? "." : ": " + denied.missingScope() + "."));
            default ->
                new RefusedException(
                        BoundaryRejection.FORBIDDEN,
                        "The caller lacks the capability " + capability + ", which this method requires.");
        };
    }

    /** Waits until the view that answers a method has what the caller has seen. */
    public void awaitViews(ContractMethod method, String tenant, Optional<Position> seen) throws RefusedException {
        Positions view = views.get(method.feature());
        if (view != null && seen.isPresent() && !view.await(tenant, seen.get().value(), Limits.POSITION_WAIT)) {
            throw new RefusedException(BoundaryRejection.POSITION_NOT_REACHED);
        }
    }

    /**
     * Refuses a caller whose authentication is older than the method allows.
     *
     * @throws RefusedException {@code auth.step-up}
     */
    public static void requireFresh(ContractMethod contract, Principal principal) throws RefusedException {
        requireFresh(contract.stepUpSeconds(), principal);
    }

    /**
     * Refuses a caller who was not authenticated strongly within the last {@code maxAgeSeconds}; the refusal says what would do (RFC
     * 9470).
     *
     * @param maxAgeSeconds unsigned; 0: any authentication will do
     * @throws RefusedException {@code auth.step-up}
     */
    public static void requireFresh(int maxAgeSeconds, Principal principal) throws RefusedException {
        if (maxAgeSeconds != 0
                && !principal.steppedUpSince(Instant.now().minusSeconds(Integer.toUnsignedLong(maxAgeSeconds)))) {
            throw new RefusedException(stepUp(maxAgeSeconds));
        }
    }

    /** The refusal of an authentication that is too old, or too weak. */
    static CallResult.Refused stepUp(int maxAgeSeconds) {
        return new CallResult.Refused(
                BoundaryRejection.STEP_UP,
                BoundaryRejection.STEP_UP.message(),
                Map.of("max_age", Integer.toUnsignedString(maxAgeSeconds), "acr_values", Principal.STRONG));
    }
}
