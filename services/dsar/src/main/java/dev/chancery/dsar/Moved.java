package dev.chancery.dsar;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Organisations whose list of requests has moved: noted in a transaction, told after its commit. Thread safe. */
final class Moved {
    private final Set<String> noted = ConcurrentHashMap.newKeySet();
    private final Set<String> told = ConcurrentHashMap.newKeySet();

    void note(String tenant) {
        noted.add(tenant);
    }

    void committed(String tenant) {
        if (noted.remove(tenant)) {
            told.add(tenant);
        }
    }

    /** Each once. */
    Set<String> taken() {
        Set<String> taken = Set.copyOf(told);
        told.removeAll(taken);
        return taken;
    }
}
