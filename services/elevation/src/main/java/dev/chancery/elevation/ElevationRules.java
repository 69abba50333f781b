package dev.chancery.elevation;

import static dev.chancery.elevation.ElevationRejection.NOT_HELD;
import static dev.chancery.elevation.ElevationRejection.NOT_OPEN;
import static dev.chancery.elevation.ElevationRejection.NOT_OVER;
import static dev.chancery.elevation.ElevationRejection.NO_EMERGENCY;
import static dev.chancery.elevation.ElevationRejection.NO_POLICY;
import static dev.chancery.elevation.ElevationRejection.NO_SUCH_ELEVATION;
import static dev.chancery.elevation.ElevationRejection.NO_SUCH_GROUP;
import static dev.chancery.elevation.ElevationRejection.NO_SUCH_ROLE;
import static dev.chancery.elevation.ElevationRejection.NO_SUCH_WORKSPACE;
import static dev.chancery.elevation.ElevationRejection.POLICY;
import static dev.chancery.elevation.ElevationRejection.REVIEW_OVERDUE;
import static dev.chancery.elevation.ElevationRejection.SELF_APPROVAL;
import static dev.chancery.elevation.ElevationRejection.TOO_LONG;
import static dev.chancery.elevation.ElevationRejection.TOO_MANY;
import static dev.chancery.elevation.ElevationRejection.TOO_MANY_POLICIES;
import static dev.chancery.kernel.Decision.events;
import static dev.chancery.kernel.Decision.nothing;
import static dev.chancery.kernel.Decision.reject;

import com.google.protobuf.Message;
import dev.chancery.command.Granter;
import dev.chancery.decision.Authority;
import dev.chancery.elevation.Elevation.Approval;
import dev.chancery.kernel.Decision;
import dev.chancery.schema.elevation.v1.ApprovalRule;
import dev.chancery.schema.elevation.v1.ElevationApproved;
import dev.chancery.schema.elevation.v1.ElevationDenied;
import dev.chancery.schema.elevation.v1.ElevationFinding;
import dev.chancery.schema.elevation.v1.ElevationGranted;
import dev.chancery.schema.elevation.v1.ElevationPolicyRemoved;
import dev.chancery.schema.elevation.v1.ElevationPolicySet;
import dev.chancery.schema.elevation.v1.ElevationRequested;
import dev.chancery.schema.elevation.v1.ElevationReviewed;
import dev.chancery.schema.elevation.v1.ElevationRevoked;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Who gets a role for a while, by whose word, and who looks at it afterwards. Pure. */
final class ElevationRules {
    static final int MAX_POLICIES = 200;
    static final int MAX_CURRENT = 50;
    static final long LAPSE_MICROS = 3_600_000_000L;

    private static final long MINUTE_MICROS = 60_000_000L;
    private static final long HOUR_MICROS = 60 * MINUTE_MICROS;
    private static final int MAX_MINUTES = 1_440;
    private static final int MAX_GROUPS = 5;
    private static final int MAX_APPROVERS = 9;
    private static final int MAX_REVIEW_HOURS = 720;
    private static final String WHOLE_ORGANISATION = "";
    private static final long WITHOUT_END = 0;

    private ElevationRules() {}

    /** Whoever sets a policy hands out its role, if not to whom. */
    static Decision<Message> set(Granter setter, Policies policies, ElevationPolicySet policy, long atMicros) {
        if (!isWellFormed(policy)) {
            return reject(POLICY);
        }
        Optional<Set<String>> bundle = setter.bundle(policy.getRole());
        if (bundle.isEmpty()
                || policy.getApprovalsList().stream()
                        .anyMatch(rule -> setter.bundle(rule.getRole()).isEmpty())) {
            return reject(NO_SUCH_ROLE);
        }
        @Nullable ElevationPolicySet before = policies.byRole().get(policy.getRole());
        if (before != null
                && before.equals(policy.toBuilder()
                        .setSetterId(before.getSetterId())
                        .setSetterActingForId(before.getSetterActingForId())
                        .build())) {
            return nothing();
        }
        if (!setter.mayHandOut(bundle.get(), WHOLE_ORGANISATION, atMicros, WITHOUT_END)) {
            return reject(NOT_HELD);
        }
        return before == null && policies.byRole().size() >= MAX_POLICIES ? reject(TOO_MANY_POLICIES) : events(policy);
    }

    private static boolean isWellFormed(ElevationPolicySet policy) {
        List<ApprovalRule> rules = policy.getApprovalsList();
        return isWithin(policy.getMaxMinutes(), MAX_MINUTES)
                && isWithin(policy.getReviewHours(), MAX_REVIEW_HOURS)
                && isWithin(rules.size(), MAX_GROUPS)
                && rules.stream().allMatch(rule -> isWithin(rule.getApprovers(), MAX_APPROVERS))
                && rules.stream().map(ApprovalRule::getRole).distinct().count() == rules.size();
    }

    private static boolean isWithin(int number, int most) {
        return number >= 1 && number <= most;
    }

    static Decision<Message> remove(Policies policies, String role) {
        if (policies.removed().contains(role)) {
            return nothing();
        }
        return policies.byRole().containsKey(role)
                ? events(ElevationPolicyRemoved.newBuilder().setRole(role).build())
                : reject(NO_POLICY);
    }

    /**
     * @param others what decides what others may do, by their ids
     * @param workspaceExists whether the workspace that is asked for is there; true for one that has none
     * @param wanted with the requester, the role and the place; how long, and until when, follows from the policy
     */
    static Decision<Message> request(
            Granter requester,
            Function<String, Authority> others,
            Policies policies,
            Holder holder,
            boolean workspaceExists,
            boolean emergency,
            ElevationRequested wanted,
            long atMicros) {
        ElevationPolicySet policy = policies.byRole().get(wanted.getRole());
        if (policy == null) {
            return reject(NO_POLICY);
        }
        if (requester.bundle(wanted.getRole()).isEmpty()) {
            return reject(NO_SUCH_ROLE);
        }
        if (!workspaceExists) {
            return reject(NO_SUCH_WORKSPACE);
        }
        if (Integer.compareUnsigned(wanted.getMinutes(), policy.getMaxMinutes()) > 0) {
            return reject(TOO_LONG);
        }
        if (holder.current(atMicros) >= MAX_CURRENT) {
            return reject(TOO_MANY);
        }
        ElevationRequested request = wanted.toBuilder()
                .setMinutes(wanted.getMinutes() == 0 ? policy.getMaxMinutes() : wanted.getMinutes())
                .addAllApprovals(policy.getApprovalsList())
                .setRequestedMicros(atMicros)
                .setLapsesMicros(atMicros + LAPSE_MICROS)
                .build();
        if (!emergency) {
            return events(request);
        }
        if (!policy.getEmergency()
                || isOne(requester, Stream.of(policy.getSetterId(), policy.getSetterActingForId()), others, atMicros)) {
            return reject(NO_EMERGENCY);
        }
        if (holder.elevations().stream().anyMatch(elevation -> elevation.isOverdue(atMicros))) {
            return reject(REVIEW_OVERDUE);
        }
        ElevationGranted granted = granted(request, atMicros);
        return events(
                request,
                granted.toBuilder()
                        .setEmergency(true)
                        .setReviewDueMicros(granted.getUntilMicros() + policy.getReviewHours() * HOUR_MICROS)
                        .build());
    }

    private static ElevationGranted granted(ElevationRequested request, long atMicros) {
        return ElevationGranted.newBuilder()
                .setElevationId(request.getElevationId())
                .setPrincipalId(request.getPrincipalId())
                .setRole(request.getRole())
                .setWorkspaceId(request.getWorkspaceId())
                .setFromMicros(atMicros)
                .setUntilMicros(atMicros + request.getMinutes() * MINUTE_MICROS)
                .build();
    }

    /**
     * @param others what decides what others may do, by their ids: an earlier approver who has lost the group's role counts no more
     */
    static Decision<Message> approve(
            Granter approver,
            Holder holder,
            Function<String, Authority> others,
            ElevationApproved approval,
            long atMicros) {
        Optional<Elevation> found = holder.find(approval.getElevationId());
        if (found.isEmpty()) {
            return reject(NO_SUCH_ELEVATION);
        }
        Elevation elevation = found.get();
        ElevationRequested request = elevation.requested();
        if (isOne(approver, requesters(request), others, atMicros)) {
            return reject(SELF_APPROVAL);
        }
        if (elevation.approvals().stream().flatMap(Approval::by).anyMatch(approver::is)) {
            return nothing();
        }
        boolean active = requesters(request)
                .allMatch(requester -> others.apply(requester).principal().active());
        if (!elevation.isOpen(atMicros) || !active) {
            return reject(NOT_OPEN);
        }
        String group = approval.getApproverRole();
        if (request.getApprovalsList().stream().noneMatch(rule -> rule.getRole().equals(group))
                || !approver.selves().stream()
                        .allMatch(self -> self.holdsRole(group, request.getWorkspaceId(), atMicros))) {
            return reject(NO_SUCH_GROUP);
        }
        List<Approval> counting = Stream.concat(
                        elevation.approvals().stream()
                                .filter(given -> given.by().allMatch(by -> others.apply(by)
                                        .holdsRole(given.role(), request.getWorkspaceId(), atMicros))),
                        Stream.of(Approval.of(approval)))
                .toList();
        return isEnough(request, counting) ? events(approval, granted(request, atMicros)) : events(approval);
    }

    /** Who asked: the principal that gets the role, and whom it acted for. */
    private static Stream<String> requesters(ElevationRequested request) {
        return Stream.of(request.getPrincipalId(), request.getActingForId()).filter(id -> !id.isEmpty());
    }

    /**
     * Whether a caller counts as one with others: it is one of them or acts for one, or one of them lets another act. What an agent
     * says, who lets it act could have had it say.
     *
     * @param ids empty ones are nobody
     */
    private static boolean isOne(
            Granter caller, Stream<String> ids, Function<String, Authority> others, long atMicros) {
        return ids.filter(id -> !id.isEmpty())
                .anyMatch(id -> caller.is(id)
                        || caller.selves().stream()
                                .anyMatch(self -> lets(self, id, atMicros)
                                        || lets(others.apply(id), self.principalId(), atMicros)));
    }

    private static boolean lets(Authority one, String agent, long atMicros) {
        return one.principal().delegations().stream()
                .anyMatch(given -> given.agentId().equals(agent) && given.countsAt(atMicros));
    }

    private static boolean isEnough(ElevationRequested request, List<Approval> approvals) {
        return request.getApprovalsList().stream()
                .allMatch(rule -> approvals.stream()
                                .filter(approval -> approval.role().equals(rule.getRole()))
                                .count()
                        >= rule.getApprovers());
    }

    static Decision<Message> deny(Granter denier, Holder holder, ElevationDenied denial, long atMicros) {
        Optional<Elevation> found = holder.find(denial.getElevationId());
        if (found.isEmpty()) {
            return reject(NO_SUCH_ELEVATION);
        }
        Elevation elevation = found.get();
        if (elevation.denied()) {
            return nothing();
        }
        if (!elevation.isOpen(atMicros)) {
            return reject(NOT_OPEN);
        }
        ElevationRequested request = elevation.requested();
        boolean may = requesters(request).anyMatch(denier::is)
                || request.getApprovalsList().stream().anyMatch(rule -> denier.selves().stream()
                        .allMatch(self -> self.holdsRole(rule.getRole(), request.getWorkspaceId(), atMicros)));
        return may ? events(denial) : reject(NO_SUCH_GROUP);
    }

    static Decision<Message> revoke(Holder holder, ElevationRevoked revocation, long atMicros) {
        Optional<Elevation> found = holder.find(revocation.getElevationId());
        if (found.isEmpty()) {
            return reject(NO_SUCH_ELEVATION);
        }
        if (found.get().granted().isEmpty()) {
            return reject(NOT_OPEN);
        }
        return found.get().isHeld(atMicros) ? events(revocation) : nothing();
    }

    /** @param others what decides what others may do, by their ids */
    static Decision<Message> review(
            Granter reviewer,
            Holder holder,
            Function<String, Authority> others,
            ElevationReviewed review,
            long atMicros) {
        Optional<Elevation> found = holder.find(review.getElevationId());
        if (found.isEmpty()) {
            return reject(NO_SUCH_ELEVATION);
        }
        Elevation elevation = found.get();
        if (isOne(reviewer, requesters(elevation.requested()), others, atMicros)) {
            return reject(SELF_APPROVAL);
        }
        if (elevation.reviewed()) {
            return nothing();
        }
        boolean known = review.getFinding() == ElevationFinding.ELEVATION_FINDING_JUSTIFIED
                || review.getFinding() == ElevationFinding.ELEVATION_FINDING_UNJUSTIFIED;
        return known && elevation.granted().isPresent() && !elevation.isHeld(atMicros)
                ? events(review)
                : reject(NOT_OVER);
    }
}
