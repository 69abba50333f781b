package dev.chancery.cli.model;

import dev.chancery.cli.model.OrganisationModel.Assignment;
import dev.chancery.cli.model.OrganisationModel.Capability;
import dev.chancery.cli.model.OrganisationModel.Group;
import dev.chancery.cli.model.OrganisationModel.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** The model as YAML, in and out. */
public final class ModelFile {
    private static final int MAX_CHARS = 64 << 20;
    private static final Set<String> MEMBERS = Set.of("capabilities", "roles", "groups", "assignments");
    private static final Set<String> CAPABILITY =
            Set.of("description", "stepUpSeconds", "breakGlassOnly", "consentFor");
    private static final Set<String> ROLE = Set.of("description", "capabilities");
    private static final Set<String> GROUP = Set.of("description", "members");
    private static final Set<String> ASSIGNMENT = Set.of("principal", "group", "role", "workspace", "until");
    private static final long MAX_SECONDS = 0xFFFF_FFFFL;

    /** A file that is no model. The message says where and why. */
    public static final class Unusable extends Exception {
        private static final long serialVersionUID = 1L;

        Unusable(String message) {
            super(message);
        }
    }

    private ModelFile() {}

    /**
     * Reads a model.
     *
     * @throws IOException if the file can't be read
     * @throws Unusable if it is no model
     */
    public static OrganisationModel read(Path file) throws IOException, Unusable {
        return parse(Files.readString(file));
    }

    static OrganisationModel parse(String text) throws Unusable {
        var options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(0);
        options.setCodePointLimit(MAX_CHARS);
        try {
            return model(new Yaml(new SafeConstructor(options)).load(text));
        } catch (MarkedYAMLException e) {
            throw new Unusable("it is no YAML: " + e.getProblem() + " in line "
                    + (e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1));
        } catch (YAMLException e) {
            throw new Unusable("it is no YAML");
        }
    }

    private static OrganisationModel model(@Nullable Object document) throws Unusable {
        Map<String, Object> members = object(document, "the model", MEMBERS);
        Map<String, Capability> capabilities = new HashMap<>();
        for (var one : object(members.get("capabilities"), "capabilities", null).entrySet()) {
            String where = "capabilities." + one.getKey();
            Map<String, Object> given = object(one.getValue(), where, CAPABILITY);
            capabilities.put(
                    one.getKey(),
                    new Capability(
                            text(given, "description", where),
                            seconds(given.get("stepUpSeconds"), where),
                            flag(given, "breakGlassOnly", where),
                            text(given, "consentFor", where)));
        }
        Map<String, Role> roles = new HashMap<>();
        for (var one : object(members.get("roles"), "roles", null).entrySet()) {
            String where = "roles." + one.getKey();
            Map<String, Object> given = object(one.getValue(), where, ROLE);
            roles.put(one.getKey(), new Role(text(given, "description", where), texts(given, "capabilities", where)));
        }
        Map<String, Group> groups = new HashMap<>();
        for (var one : object(members.get("groups"), "groups", null).entrySet()) {
            String where = "groups." + one.getKey();
            Map<String, Object> given = object(one.getValue(), where, GROUP);
            groups.put(one.getKey(), new Group(text(given, "description", where), texts(given, "members", where)));
        }
        Set<Assignment> assignments = new HashSet<>();
        for (Object item : list(members.get("assignments"), "assignments")) {
            assignments.add(assignment(item, "assignments[" + assignments.size() + "]"));
        }
        return new OrganisationModel(capabilities, roles, groups, assignments);
    }

    private static Assignment assignment(Object item, String where) throws Unusable {
        Map<String, Object> given = object(item, where, ASSIGNMENT);
        String principal = text(given, "principal", where);
        String group = text(given, "group", where);
        String role = text(given, "role", where);
        if (principal.isEmpty() == group.isEmpty() || role.isEmpty()) {
            throw new Unusable(where + " takes a role, and either a principal or a group");
        }
        return new Assignment(
                principal, group, role, text(given, "workspace", where), until(given.get("until"), where));
    }

    private static long until(@Nullable Object given, String where) throws Unusable {
        if (given == null) {
            return 0;
        }
        if (given instanceof Date date) {
            return date.getTime();
        }
        try {
            return Instant.parse(String.valueOf(given)).toEpochMilli();
        } catch (DateTimeException | ArithmeticException e) {
            throw new Unusable(where + ".until is no time like 2027-01-31T18:00:00Z");
        }
    }

    private static int seconds(@Nullable Object given, String where) throws Unusable {
        if (given == null) {
            return 0;
        }
        if (given instanceof Number number && number.doubleValue() == number.longValue()) {
            long seconds = number.longValue();
            if (seconds >= 0 && seconds <= MAX_SECONDS) {
                return (int) seconds;
            }
        }
        throw new Unusable(where + ".stepUpSeconds is no whole number of seconds");
    }

    private static boolean flag(Map<String, Object> members, String name, String where) throws Unusable {
        Object given = members.getOrDefault(name, false);
        if (given instanceof Boolean flag) {
            return flag;
        }
        throw new Unusable(where + "." + name + " is neither true nor false");
    }

    private static String text(Map<String, Object> members, String name, String where) throws Unusable {
        Object given = members.getOrDefault(name, "");
        if (given instanceof String text) {
            return text;
        }
        throw new Unusable(where + "." + name + " is no text; put it in quotes");
    }

    private static Set<String> texts(Map<String, Object> members, String name, String where) throws Unusable {
        Set<String> texts = new HashSet<>();
        for (Object item : list(members.get(name), where + "." + name)) {
            if (!(item instanceof String text)) {
                throw new Unusable(where + "." + name + " holds something that is no text; put it in quotes");
            }
            texts.add(text);
        }
        return texts;
    }

    private static List<?> list(@Nullable Object given, String where) throws Unusable {
        if (given == null) {
            return List.of();
        }
        if (given instanceof List<?> list) {
            return list;
        }
        throw new Unusable(where + " is no list");
    }

    /** @param known the members there are; null: any */
    private static Map<String, Object> object(@Nullable Object given, String where, @Nullable Set<String> known)
            throws Unusable {
        if (given == null) {
            return Map.of();
        }
        if (!(given instanceof Map<?, ?> map)) {
            throw new Unusable(where + " is no mapping");
        }
        Map<String, Object> members = new LinkedHashMap<>();
        for (Map.Entry<?, ?> member : map.entrySet()) {
            if (!(member.getKey() instanceof String name) || (known != null && !known.contains(name))) {
                throw new Unusable(where + " has an unknown member " + member.getKey());
            }
            if (member.getValue() != null) {
                members.put(name, member.getValue());
            } else if (known == null) {
                members.put(name, Map.of());
            }
        }
        return members;
    }

    /** The model as YAML; what is empty or has its default is left out. */
    public static String write(OrganisationModel model) {
        Map<String, Object> document = new LinkedHashMap<>();
        Map<String, Object> capabilities = new LinkedHashMap<>();
        model.capabilities().forEach((name, one) -> {
            Map<String, Object> members = described(one.description());
            put(members, "stepUpSeconds", Integer.toUnsignedLong(one.stepUpSeconds()), 0L);
            put(members, "breakGlassOnly", one.breakGlassOnly(), false);
            put(members, "consentFor", one.consentFor(), "");
            capabilities.put(name, members);
        });
        put(document, "capabilities", capabilities, Map.of());
        Map<String, Object> roles = new LinkedHashMap<>();
        model.roles().forEach((name, one) -> {
            Map<String, Object> members = described(one.description());
            members.put("capabilities", List.copyOf(one.capabilities()));
            roles.put(name, members);
        });
        put(document, "roles", roles, Map.of());
        Map<String, Object> groups = new LinkedHashMap<>();
        model.groups().forEach((name, one) -> {
            Map<String, Object> members = described(one.description());
            put(members, "members", List.copyOf(one.members()), List.of());
            groups.put(name, members);
        });
        put(document, "groups", groups, Map.of());
        List<Object> assignments = new ArrayList<>();
        for (Assignment one : model.assignments()) {
            Map<String, Object> members = new LinkedHashMap<>();
            put(members, "principal", one.principal(), "");
            put(members, "group", one.group(), "");
            members.put("role", one.role());
            put(members, "workspace", one.workspace(), "");
            if (one.untilMillis() != 0) {
                members.put("until", Instant.ofEpochMilli(one.untilMillis()).toString());
            }
            assignments.add(members);
        }
        put(document, "assignments", assignments, List.of());
        var options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setSplitLines(false);
        return new Yaml(options).dump(document);
    }

    private static Map<String, Object> described(String description) {
        Map<String, Object> members = new LinkedHashMap<>();
        put(members, "description", description, "");
        return members;
    }

    private static void put(Map<String, Object> members, String name, Object value, Object otherwise) {
        if (!value.equals(otherwise)) {
            members.put(name, value);
        }
    }
}
