package dev.chancery.schema;

/** The contract contradicts itself; the message names the method, type or field. Nothing starts on such a contract. */
public final class InvalidContract extends RuntimeException {
    InvalidContract(String subject, String problem) {
        super(subject + ": " + problem);
    }

    InvalidContract(String subject, String problem, Throwable cause) {
        super(subject + ": " + problem, cause);
    }
}
