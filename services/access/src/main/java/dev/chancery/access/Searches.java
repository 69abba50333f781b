package dev.chancery.access;

import dev.chancery.access.PageTokens.Place;
import dev.chancery.command.PrincipalNames;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.Answerable;
import dev.chancery.decision.Assignments.Assignment;
import dev.chancery.decision.Authority;
import dev.chancery.decision.AuthorityAt;
import dev.chancery.decision.AuthorityDecision;
import dev.chancery.decision.CallerDecision;
import dev.chancery.decision.Consistency;
import dev.chancery.decision.Delegation;
import dev.chancery.decision.PlacedDecision;
import dev.chancery.decision.TenantState;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.access.v1.DecisionPath;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Answers who may do something, what somebody may do, and on what. All pages of an answer are read from the state at the first one's
 * position and decided at its moment: none is left out and none comes twice, whatever is granted meanwhile.
 */
final class Searches {
    /** Candidates that one page looks at: a page may end before it is full. */
    static final int MAX_LOOKED_AT = 20_000;

    /** @param type of a subject, as callers write it; of others empty */
    record Hit(String id, String type, DecisionPath path) {}

    /** @param scopes of resources that are the caller's own: where the subject may do it */
    record Found(List<Hit> hits, String nextToken, long position, List<String> scopes) {}

    private final Checks checks;
    private final PageTokens tokens;

    Searches(Checks checks, PageTokens tokens) {
        this.checks = checks;
        this.tokens = tokens;
    }

    Found find(Principal caller, Search search, long nowMicros) throws RefusedException {
        String tenant = caller.tenant();
        Optional<Place> place = search.token().isEmpty()
                ? Optional.empty()
                : Optional.of(tokens.place(tenant, search.question(), search.token()));
        Answerable.From from = checks.frozenAt(
                tenant, place.map(p -> Consistency.exactly(p.position())).orElse(search.consistency()), nowMicros);
        TenantState state = from.state();
        long atMicros = place.map(Place::atMicros).orElse(from.atMicros());
        String after = place.map(Place::after).orElse("");
        Page page =
                switch (search.open()) {
                    case SUBJECT -> subjects(caller, state, search, atMicros, after);
                    case ACTION -> actions(caller, state, search, atMicros, after);
                    case RESOURCE -> resources(caller, state, search, atMicros, after);
                };
        String next = page.next()
                .map(last -> tokens.token(tenant, search.question(), new Place(state.position(), atMicros, last)))
                .orElse("");
        List<String> scopes = search.open() == Search.Open.RESOURCE
                ? scopes(subject(caller, state, search, about(tenant, search)), search, atMicros)
                : List.of();
        return new Found(page.hits(), next, Math.max(0, state.position()), scopes);
    }

    private Page subjects(Principal caller, TenantState state, Search search, long atMicros, String after) {
        String tenant = caller.tenant();
        // What is there is the same for every subject.
        if (!search.resourceId().isEmpty()
                && !checks.exists(
                        state, tenant, state.authority("").authority(), search.resourceType(), search.resourceId())) {
            return Page.NONE;
        }
        String about = about(tenant, search);
        return page(state.principals(), after, search.limit(), id -> {
            AuthorityAt at = state.authority(id, checks.namedActingFor(caller, id, search.actingFor()), about);
            String type = PrincipalNames.type(at.authority().principal().type());
            return search.subjectType().isEmpty() || type.equals(search.subjectType())
                    ? hit(state, at, id, type, search.capability(), search.workspace(), atMicros)
                    : Optional.empty();
        });
    }

    private Page actions(Principal caller, TenantState state, Search search, long atMicros, String after) {
        String tenant = caller.tenant();
        AuthorityAt at = subject(caller, state, search, about(tenant, search));
        Authority authority = at.authority();
        if (!isAsked(authority, search)
                || !search.resourceId().isEmpty()
                        && !checks.exists(state, tenant, authority, search.resourceType(), search.resourceId())) {
            return Page.NONE;
        }
        String prefix = search.resourceType().isEmpty() ? "" : search.resourceType() + ":";
        List<String> capabilities = Stream.concat(
                        authority.contract().capabilities().stream(),
                        authority.roleModel().capabilities().keySet().stream())
                .filter(capability -> capability.startsWith(prefix))
                .distinct()
                .sorted()
                .toList();
        return page(
                capabilities,
                after,
                search.limit(),
                capability -> hit(state, at, capability, "", capability, search.workspace(), atMicros));
    }

    private Page resources(Principal caller, TenantState state, Search search, long atMicros, String after) {
        String tenant = caller.tenant();
        String about = about(tenant, search);
        AuthorityAt at = subject(caller, state, search, about);
        Authority authority = at.authority();
        if (!isAsked(authority, search)) {
            return Page.NONE;
        }
        boolean workspaces = search.resourceType().equals("workspace");
        boolean each = search.about().isEmpty() && search.resourceType().equals("principal");
        return page(kept(tenant, state, authority, search.resourceType()), after, search.limit(), id -> {
            String where = workspaces && search.workspace().isEmpty() ? id : search.workspace();
            AuthorityAt asked = each ? subject(caller, state, search, id) : at;
            return hit(state, asked, id, "", search.capability(), where, atMicros);
        });
    }

    /** The resources of a kind that Chancery keeps; none of other kinds. */
    private static List<String> kept(String tenant, TenantState state, Authority authority, String type) {
        return switch (type) {
            case "workspace" ->
                state.ids(PlacedDecision.WORKSPACES).stream()
                        .filter(id -> Checks.workspaceExists(state, id))
                        .toList();
            case "principal" -> state.principals();
            case "organisation" -> List.of(tenant);
            case "role" -> {
                var roles = new TreeSet<>(authority.roleModel().roles().keySet());
                roles.addAll(authority.roleModel().retired().roles());
                roles.add(authority.foundation().role());
                yield List.copyOf(roles);
            }
            case "capability" -> {
                var capabilities = new TreeSet<>(authority.contract().capabilities());
                capabilities.addAll(authority.roleModel().capabilities().keySet());
                yield List.copyOf(capabilities);
            }
            default -> List.of();
        };
    }

    private static List<String> scopes(AuthorityAt at, Search search, long atMicros) {
        if (!isAsked(at.authority(), search)) {
            return List.of();
        }
        if (mayIn("", at, search, atMicros)) {
            return List.of("organisation");
        }
        Stream<String> own = at.authority().grants(atMicros).stream().map(Assignment::workspace);
        Stream<String> theirs = at.actingFor().stream()
                .flatMap(whom -> Stream.concat(
                        whom.grants(atMicros).stream().map(Assignment::workspace),
                        whom.principal().delegations().stream().map(Delegation::workspace)));
        return Stream.concat(own, theirs)
                .filter(workspace -> !workspace.isEmpty() && mayIn(workspace, at, search, atMicros))
                .distinct()
                .sorted()
                .toList();
    }

    private static boolean mayIn(String workspace, AuthorityAt at, Search search, long atMicros) {
        return CallerDecision.decide(
                        at.authority(), at.actingFor(), at.consents(), search.capability(), workspace, atMicros)
                .granted();
    }

    private AuthorityAt subject(Principal caller, TenantState state, Search search, String about) {
        String id = checks.principal(caller.tenant(), search.subjectId()).orElse("");
        return state.authority(id, checks.namedActingFor(caller, id, search.actingFor()), about);
    }

    /** Whose consent counts; empty: nobody's. */
    private String about(String tenant, Search search) {
        return search.about().isEmpty()
                ? ""
                : checks.principal(tenant, search.about()).orElse("");
    }

    private static boolean isAsked(Authority subject, Search search) {
        return search.subjectType().isEmpty() || Checks.isOfType(subject.principal(), search.subjectType());
    }

    private static Optional<Hit> hit(
            TenantState state, AuthorityAt at, String id, String type, String capability, String where, long atMicros) {
        AuthorityDecision decision = Checks.decide(state, at, capability, where, atMicros);
        return decision.granted()
                ? Optional.of(new Hit(id, type, Checks.path(at.authority(), capability, decision, atMicros)))
                : Optional.empty();
    }

    /** @param next the candidate to go on after; empty where that was all */
    private record Page(List<Hit> hits, Optional<String> next) {
        static final Page NONE = new Page(List.of(), Optional.empty());
    }

    /** @param candidates in order, each once */
    private static Page page(List<String> candidates, String after, int limit, Function<String, Optional<Hit>> judge) {
        int found = Collections.binarySearch(candidates, after);
        int from = found < 0 ? -found - 1 : found + 1;
        List<Hit> hits = new ArrayList<>();
        String last = after;
        for (int i = from; i < candidates.size(); i++) {
            if (i - from == MAX_LOOKED_AT) {
                return new Page(hits, Optional.of(last));
            }
            Optional<Hit> hit = judge.apply(candidates.get(i));
            if (hit.isPresent() && hits.size() == limit) {
                // There is one more: only now it is known that this isn't the last page.
                return new Page(hits, Optional.of(last));
            }
            hit.ifPresent(hits::add);
            last = candidates.get(i);
        }
        return new Page(hits, Optional.empty());
    }
}
