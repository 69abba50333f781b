package dev.chancery.egress;

import dev.chancery.redaction.Profile;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What becomes of personal data and secrets in a workspace's requests in clear, by kind. What is in neither set is let through without a
 * record.
 *
 * @param block ends a request that holds one
 * @param alert is recorded, and goes out
 */
record DlpPolicy(SortedSet<String> block, SortedSet<String> alert) {
    /** A body that can't be read, whatever it holds. */
    static final String UNREADABLE = "unreadable";

    /** Of a workspace that says nothing: blocked is what carries its proof with it, a prefix, a name or check digits. */
    static final DlpPolicy STANDARD = new DlpPolicy(
            List.of("card", "national-id", "pem", "secret", "token", "vault"),
            List.of("iban", "mail", "phone", "random", UNREADABLE));

    DlpPolicy {
        block = Collections.unmodifiableSortedSet(block);
        alert = Collections.unmodifiableSortedSet(alert);
    }

    DlpPolicy(Collection<String> block, Collection<String> alert) {
        this(new TreeSet<>(block), new TreeSet<>(alert));
    }

    /** Whether it names kinds that there are, and none twice. */
    boolean isWellFormed() {
        return block.stream().allMatch(DlpPolicy::isKind)
                && alert.stream().allMatch(kind -> isKind(kind) && !block.contains(kind));
    }

    private static boolean isKind(String kind) {
        return kind.equals(UNREADABLE) || Profile.ALL.kinds().contains(kind);
    }

    /** Whether nothing has to be looked at. */
    boolean isEmpty() {
        return block.isEmpty() && alert.isEmpty();
    }
}
