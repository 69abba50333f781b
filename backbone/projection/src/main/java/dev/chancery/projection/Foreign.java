package dev.chancery.projection;

import java.util.Locale;

/** A message on the log's topic that is no record of this installation's. It is passed over, counted, and changes nothing. */
final class Foreign extends Exception {
    private static final long serialVersionUID = 1;

    /** Why; a label of the metric, and a key in the quarantine table. */
    enum Reason {
        /** The key can't be a log's name. */
        KEY,
        /** It lies in a partition that no record of its log lies in. */
        PARTITION,
        EMPTY,
        /** Not a record as docs/reference/formats.md has it. */
        MALFORMED,
        /** A record of another log, or another installation. */
        OTHER_LOG,
        /** No source key of this installation has signed the entry. */
        UNSIGNED,
        /** The bodies are not those that were signed. */
        ALTERED;

        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    final Reason reason;

    Foreign(Reason reason) {
        super(reason.label(), null, false, false);
        this.reason = reason;
    }
}
