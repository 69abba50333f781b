package dev.chancery.firewall;

import dev.chancery.firewall.EgressPolicy.Override;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** A workspace's list as a file: YAML with {@code allow}, {@code deny}, {@code connectors} and {@code overrides}, all optional. */
public final class PolicyFile {
    private static final Set<String> MEMBERS = Set.of("allow", "deny", "connectors", "overrides");
    private static final Set<String> OVERRIDE_MEMBERS = Set.of("host", "until", "reason");
    private static final int MAX_BYTES = 4 << 20;

    /** A file that is no policy. The message says where and why. */
    public static final class Unusable extends Exception {
        private static final long serialVersionUID = 1L;

        Unusable(String message) {
            super(message);
        }
    }

    private PolicyFile() {}

    /**
     * Reads a policy.
     *
     * @throws IOException if the file can't be read
     * @throws Unusable if it is no policy
     */
    public static EgressPolicy read(Path file) throws IOException, Unusable {
        if (Files.size(file) > MAX_BYTES) {
            throw new Unusable("the file is longer than 4 MiB");
        }
        try (Reader text = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            return read(text);
        }
    }

    static EgressPolicy read(Reader text) throws Unusable {
        var options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(0);
        try {
            return policy(new Yaml(new SafeConstructor(options)).load(text));
        } catch (MarkedYAMLException e) {
            throw new Unusable("it is no YAML: " + e.getProblem() + " in line "
                    + (e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1));
        } catch (YAMLException e) {
            throw new Unusable("it is no YAML");
        } catch (PatternRefused e) {
            throw new Unusable(String.valueOf(e.getMessage()));
        }
    }

    private static EgressPolicy policy(@Nullable Object document) throws Unusable {
        Map<String, Object> members = document == null ? Map.of() : object(document, "the policy", MEMBERS);
        AddressRanges forbidden = AddressRanges.forbidden();
        List<HostPattern> deny = new ArrayList<>();
        for (String pattern : strings(members.get("deny"), "deny")) {
            deny.add(HostPattern.deny(pattern));
        }
        Map<String, List<HostPattern>> connectors = new LinkedHashMap<>();
        Object given = members.get("connectors");
        for (var connector :
                (given == null ? Map.<String, Object>of() : object(given, "connectors", null)).entrySet()) {
            connectors.put(
                    connector.getKey(), allowed(connector.getValue(), "connectors." + connector.getKey(), forbidden));
        }
        return new EgressPolicy(
                forbidden,
                deny,
                List.of(),
                allowed(members.get("allow"), "allow", forbidden),
                connectors,
                overrides(members.get("overrides"), forbidden));
    }

    private static List<HostPattern> allowed(@Nullable Object given, String name, AddressRanges forbidden)
            throws Unusable {
        List<HostPattern> patterns = new ArrayList<>();
        for (String pattern : strings(given, name)) {
            patterns.add(HostPattern.allow(pattern, forbidden));
        }
        return patterns;
    }

    private static List<Override> overrides(@Nullable Object given, AddressRanges forbidden) throws Unusable {
        List<Override> overrides = new ArrayList<>();
        for (Object item : list(given, "overrides")) {
            Map<String, Object> members = object(item, "an override", OVERRIDE_MEMBERS);
            if (!(members.get("host") instanceof String host)) {
                throw new Unusable("an override names no host");
            }
            overrides.add(new Override(HostPattern.allow(host, forbidden), until(members.get("until"), host)));
        }
        return overrides;
    }

    private static Instant until(@Nullable Object given, String host) throws Unusable {
        try {
            if (given instanceof Date date) {
                return date.toInstant();
            }
            if (given instanceof String text) {
                return Instant.parse(text);
            }
            throw new Unusable("the override of \"" + host + "\" has no end; write until: 2026-12-31T18:00:00Z");
        } catch (DateTimeException e) {
            throw new Unusable(
                    "the override of \"" + host + "\" has an end that is no time; write 2026-12-31T18:00:00Z");
        }
    }

    private static List<String> strings(@Nullable Object given, String name) throws Unusable {
        List<String> strings = new ArrayList<>();
        for (Object item : list(given, name)) {
            if (!(item instanceof String string)) {
                throw new Unusable(
                        name + " holds something that is no text; put a pattern that begins with * in quotes");
            }
            strings.add(string);
        }
        return strings;
    }

    private static List<?> list(@Nullable Object given, String name) throws Unusable {
        if (given == null) {
            return List.of();
        }
        if (given instanceof List<?> list) {
            return list;
        }
        throw new Unusable(name + " is no list");
    }

    private static Map<String, Object> object(Object given, String name, @Nullable Set<String> members)
            throws Unusable {
        if (!(given instanceof Map<?, ?> map)) {
            throw new Unusable(name + " is no mapping of names to values");
        }
        Map<String, Object> object = new LinkedHashMap<>();
        for (var member : map.entrySet()) {
            if (!(member.getKey() instanceof String key) || members != null && !members.contains(key)) {
                throw new Unusable(name + " has the unknown member \"" + member.getKey() + "\"");
            }
            if (member.getValue() != null) {
                object.put(key, member.getValue());
            }
        }
        return object;
    }
}
