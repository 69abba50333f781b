package dev.chancery.client;

/**
 * The answer to a check.
 *
 * @param granted whether the principal may
 * @param reason {@code granted}, or why not, as the server says it: {@code no-grant}, {@code not-yet}, {@code expired}, {@code
 *     break-glass-only}, {@code consent}, {@code not-delegated}, {@code unknown-principal}, {@code inactive-principal}, {@code unknown-workspace}; or {@code decision-stale}: the server was not heard
 *     for too long
 * @param assignmentId the assignment, or the elevation, that grants it; empty when nothing does
 * @param role the role that is held by it; empty when nothing grants it
 * @param elevated whether it rests on an elevation (break-glass), for want of anything else
 * @param stepUpSeconds of a grant: the subject must have been authenticated at most this long ago, which the caller sees to; 0: any
 *     time ago
 * @param consentScope where the reason is {@code consent}: what to ask whom it is about for, {@code resource:action for purpose}; empty
 *     otherwise
 * @param position of the organisation's log that the answer is true at
 */
public record LocalDecision(
        boolean granted,
        String reason,
        String assignmentId,
        String role,
        boolean elevated,
        int stepUpSeconds,
        String consentScope,
        long position) {}
