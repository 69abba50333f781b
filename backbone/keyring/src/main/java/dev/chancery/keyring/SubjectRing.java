package dev.chancery.keyring;

import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** All keys of one subject, as last read. Unchanging. */
record SubjectRing(List<SubjectKey> keys) {
    boolean isForgotten() {
        return keys.stream().anyMatch(key -> key.retention() == SubjectKey.WHOLE_SUBJECT);
    }

    /**
     * The key that seals; empty: the class never had one, so that one may be made.
     *
     * @throws KeyDestroyed if the class had one, or the subject, and it was destroyed
     */
    Optional<SubjectKey> current(int retention) {
        boolean had = false;
        for (SubjectKey key : keys) {
            if (key.retention() == retention && key.state() == KeyState.CURRENT && !key.isDestroyed()) {
                return Optional.of(key);
            }
            had |= key.retention() == retention || key.retention() == SubjectKey.WHOLE_SUBJECT;
        }
        if (had) {
            throw new KeyDestroyed();
        }
        return Optional.empty();
    }

    /** The key that opens; empty: not known here. */
    Optional<SubjectKey> version(int retention, int version) {
        for (SubjectKey key : keys) {
            if (key.retention() == retention && key.version() == version) {
                return Optional.of(key);
            }
        }
        return Optional.empty();
    }

    void destroy(Collection<Integer> retentions) {
        for (SubjectKey key : keys) {
            if (key.secret() != null && retentions.contains(key.retention())) {
                key.secret().destroy();
            }
        }
    }
}
