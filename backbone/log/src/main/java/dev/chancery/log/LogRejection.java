package dev.chancery.log;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why the log refuses, or can't say. */
public final class LogRejection {
    public static final Rejection IN_PROGRESS = new Rejection(
            "idempotency.in-progress",
            Kind.CONFLICT,
            "A command with this idempotency key is still running.",
            "Repeat the request with the same key after a second.");

    public static final Rejection KEY_REUSED = new Rejection(
            "idempotency.key-reused",
            Kind.UNPROCESSABLE,
            "This idempotency key was used for another request.",
            "Use a new key for a new command.");

    public static final Rejection TOO_LATE = new Rejection(
            "backbone.too-late",
            Kind.UNAVAILABLE,
            "The command took too long and was abandoned. Nothing took effect.",
            "Repeat the command.");

    public static final Rejection BUSY = new Rejection(
            "backbone.busy",
            Kind.UNAVAILABLE,
            "The data that this command depends on keeps changing.",
            "Repeat the request with the same idempotency key after a short wait.");

    public static final Rejection TENANT_UNKNOWN = new Rejection(
            "backbone.no-such-log",
            Kind.NOT_FOUND,
            "There is no such organisation here.",
            "Check the client id that the token was issued for.");

    public static final Rejection STOPPED = new Rejection(
            "backbone.log-stopped",
            Kind.UNAVAILABLE,
            "This organisation's log is stopped because two different records were found at one position.",
            "An operator has to resolve the fork.");

    public static final Rejection RELAY_BEHIND = new Rejection(
            "backbone.relay-behind",
            Kind.UNAVAILABLE,
            "The relay to Kafka is too far behind to accept more commands.",
            "Repeat the command with the same idempotency key in a minute.");

    public static final Rejection DISK_FULL = new Rejection(
            "backbone.disk-full",
            Kind.UNAVAILABLE,
            "The log's disk is nearly full. Nothing took effect.",
            "Repeat the command with the same idempotency key when an operator has freed disk space.");

    public static final Rejection UNAVAILABLE = new Rejection(
            "backbone.log-unavailable",
            Kind.UNAVAILABLE,
            "The log can't be written right now. Nothing took effect.",
            "Repeat the request with the same idempotency key after a short wait.");

    public static final Rejection OUTCOME_UNKNOWN = new Rejection(
            "backbone.outcome-unknown",
            Kind.UNAVAILABLE,
            "Whether the command took effect is not known yet.",
            "Send it again with the same idempotency key to get its result.");

    public static final Rejection TOO_LARGE = new Rejection(
            "backbone.record-too-large",
            Kind.TOO_LARGE,
            "The command's record would be too large.",
            "Split the command into smaller ones.");

    public static final Rejection RECORD_REFUSED = new Rejection(
            "backbone.record-refused",
            Kind.INTERNAL,
            "The log rejected the command's record. Nothing took effect.",
            "This is an error in the server. Report it with the request id.");

    /** All of them. */
    public static final List<Rejection> ALL = Rejection.constantsOf(LogRejection.class);

    private LogRejection() {}
}
