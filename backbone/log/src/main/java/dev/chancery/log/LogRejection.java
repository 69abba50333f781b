package dev.chancery.log;

import dev.chancery.kernel.Rejection;

/** Why the log refuses, or can't say. */
public enum LogRejection implements Rejection {
    IN_PROGRESS(
            "idempotency.in-progress",
            Kind.CONFLICT,
            "A command with this idempotency key is still running.",
            "Repeat the request with the same key after a second."),
    KEY_REUSED(
            "idempotency.key-reused",
            Kind.UNPROCESSABLE,
            "This idempotency key was used for another request.",
            "Use a new key for a new command."),
    TOO_LATE(
            "backbone.too-late",
            Kind.UNAVAILABLE,
            "The command took longer than its deadline and was abandoned; nothing took effect.",
            "Send it again."),
    BUSY(
            "backbone.busy",
            Kind.UNAVAILABLE,
            "Too much is happening on what this command rests on.",
            "Send it again, with the same idempotency key, after a short wait."),
    TENANT_UNKNOWN(
            "backbone.no-such-log",
            Kind.NOT_FOUND,
            "There is no such organisation here.",
            "Check the client id that the token was issued for."),
    STOPPED(
            "backbone.log-stopped",
            Kind.UNAVAILABLE,
            "This organisation's log is stopped since two different records were seen at one position.",
            "An operator has to resolve the fork."),
    RELAY_BEHIND(
            "backbone.relay-behind",
            Kind.UNAVAILABLE,
            "The relay to Kafka is too far behind to accept more.",
            "Send it again, with the same idempotency key, in a minute."),
    DISK_FULL(
            "backbone.disk-full",
            Kind.UNAVAILABLE,
            "The disk of the log is nearly full; nothing took effect.",
            "Send it again, with the same idempotency key, once an operator has made room."),
    UNAVAILABLE(
            "backbone.log-unavailable",
            Kind.UNAVAILABLE,
            "The log can't be written right now; nothing took effect.",
            "Send it again, with the same idempotency key, after a short wait."),
    OUTCOME_UNKNOWN(
            "backbone.outcome-unknown",
            Kind.UNAVAILABLE,
            "Whether the command took effect can't be told right now.",
            "Send it again with the same idempotency key: the answer will tell."),
    TOO_LARGE(
            "backbone.record-too-large",
            Kind.TOO_LARGE,
            "The command's record would be larger than a record may be.",
            "Send less at once."),
    RECORD_REFUSED(
            "backbone.record-refused",
            Kind.INTERNAL,
            "The log's own rules refused the command's record; nothing took effect.",
            "This is a fault of the server: report it with the request id.");

    private final String code;
    private final Kind kind;
    private final String message;
    private final String hint;

    LogRejection(String code, Kind kind, String message, String hint) {
        this.code = code;
        this.kind = kind;
        this.message = message;
        this.hint = hint;
    }

    @Override
    public String code() {
        return code;
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public String message() {
        return message;
    }

    @Override
    public String hint() {
        return hint;
    }
}
