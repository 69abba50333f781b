package dev.chancery.firewall;

import dev.chancery.firewall.HostPattern.Depth;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Patterns by their host: a question costs a look-up for each label, however many patterns there are. */
final class PatternSet {
    private final Map<Depth, Map<String, List<HostPattern>>> patterns = new EnumMap<>(Depth.class);

    PatternSet(Collection<HostPattern> all) {
        for (Depth depth : Depth.values()) {
            patterns.put(depth, new HashMap<>());
        }
        for (HostPattern pattern : all) {
            of(pattern.depth())
                    .computeIfAbsent(pattern.host(), host -> new ArrayList<>())
                    .add(pattern);
        }
    }

    private Map<String, List<HostPattern>> of(Depth depth) {
        return java.util.Objects.requireNonNull(patterns.get(depth));
    }

    /** @param anyPort whether a pattern without scheme and port means all of them: so for what denies */
    Optional<HostPattern> matching(Target target, boolean anyPort) {
        return target.host() instanceof Host.Name name
                ? matching(name.canonical(), target, anyPort)
                : find(Depth.EXACT, target.host().text(), target, anyPort);
    }

    private Optional<HostPattern> matching(String name, Target target, boolean anyPort) {
        Optional<HostPattern> found = find(Depth.EXACT, name, target, anyPort);
        int dot = name.indexOf('.');
        if (found.isEmpty() && dot >= 0) {
            found = find(Depth.ONE_LABEL, name.substring(dot + 1), target, anyPort);
        }
        while (found.isEmpty() && dot >= 0) {
            String parent = name.substring(dot + 1);
            found = find(Depth.ANY, parent, target, anyPort);
            dot = name.indexOf('.', dot + 1);
        }
        return found;
    }

    private Optional<HostPattern> find(Depth depth, String host, Target target, boolean anyPort) {
        for (HostPattern pattern : of(depth).getOrDefault(host, List.of())) {
            boolean every = anyPort && pattern.port().isEmpty();
            boolean scheme = pattern.scheme().isEmpty() || pattern.scheme().get() == target.scheme();
            if (every ? scheme : pattern.coversPort(target)) {
                return Optional.of(pattern);
            }
        }
        return Optional.empty();
    }
}
