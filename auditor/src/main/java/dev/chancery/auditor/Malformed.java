package dev.chancery.auditor;

/** Bytes that are not what the format asks for; becomes a finding. Without a stack trace: a log can hold millions. */
final class Malformed extends Exception {
    Malformed(String message) {
        super(message, null, false, false);
    }

    /** Never null. */
    String reason() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
