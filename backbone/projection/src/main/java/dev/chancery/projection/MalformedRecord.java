package dev.chancery.projection;

/** A message on the log's topic isn't a record as docs/reference/formats.md has it. The message says which rule it breaks. */
public final class MalformedRecord extends Exception {
    private static final long serialVersionUID = 1;

    MalformedRecord(String rule) {
        super(rule);
    }

    /** Whether it may well be a record, of a log that its key doesn't name. */
    boolean isOfAnotherLog() {
        return LogRecord.ORIGIN.equals(getMessage());
    }

    MalformedRecord(String rule, Throwable cause) {
        super(rule, cause);
    }
}
