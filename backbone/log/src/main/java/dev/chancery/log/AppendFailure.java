package dev.chancery.log;

import dev.chancery.kernel.Rejection;
import java.sql.SQLException;

/** Whose fault it was that a group could not be written. Nothing was, in any case. */
enum AppendFailure {
    /** The connection broke, or could not be made: another may do. */
    CONNECTION(LogRejection.UNAVAILABLE),
    /** Another process holds the tenant's head for too long. */
    HEAD(LogRejection.BUSY),
    /** PostgreSQL's own rules (policies, constraints, sizes) or this code refused a draft: a fault of the program. */
    DRAFT(LogRejection.RECORD_REFUSED),
    /** PostgreSQL can't write: no space, read-only, no connection free. */
    SERVER(LogRejection.UNAVAILABLE);

    private final Rejection rejection;

    AppendFailure(Rejection rejection) {
        this.rejection = rejection;
    }

    Rejection rejection() {
        return rejection;
    }

    static AppendFailure of(Exception cause) {
        if (!(cause instanceof SQLException sql)) {
            return DRAFT;
        }
        String state = sql.getSQLState();
        if (state == null || state.length() != 5) {
            return SERVER;
        }
        if (state.equals("55P03")) {
            return HEAD;
        }
        return switch (state.substring(0, 2)) {
            case "08", "57" -> CONNECTION;
            case "22", "23", "42", "54" -> DRAFT;
            default -> SERVER;
        };
    }
}
