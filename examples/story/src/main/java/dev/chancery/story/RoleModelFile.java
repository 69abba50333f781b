package dev.chancery.story;

import dev.chancery.cli.client.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A role model in a file: roles as rules (resources and verbs), and the roles whose rules they include, which come before them.
 *
 * @param roles each role's capabilities {@code resource:verb}, all of them spelled out
 */
record RoleModelFile(String name, Map<String, SortedSet<String>> roles) {

    /**
     * Reads a role model.
     *
     * @throws IOException if it can't be read or is no role model; the message says why
     */
    static RoleModelFile read(Path file) throws IOException {
        try {
            return parse(Files.readString(file));
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " is no role model: " + e.getMessage(), e);
        }
    }

    static RoleModelFile parse(String json) {
        Map<String, Object> model = Json.object(json);
        Map<String, SortedSet<String>> roles = new LinkedHashMap<>();
        for (Object item : Json.items(model, "roles")) {
            Map<String, Object> role = object(item);
            String name = Json.text(role, "role");
            SortedSet<String> capabilities = new TreeSet<>();
            for (String included : texts(role, "includes")) {
                SortedSet<String> before = roles.get(included);
                if (before == null) {
                    throw new IllegalArgumentException(name + " includes a role that does not come before it");
                }
                capabilities.addAll(before);
            }
            for (Object rule : Json.items(role, "rules")) {
                for (String resource : texts(object(rule), "resources")) {
                    texts(object(rule), "verbs").forEach(verb -> capabilities.add(resource + ":" + verb));
                }
            }
            if (name.isEmpty() || capabilities.isEmpty() || roles.put(name, capabilities) != null) {
                throw new IllegalArgumentException("a role has a name of its own and at least one capability");
            }
        }
        return new RoleModelFile(Json.text(model, "name"), roles);
    }

    /** All roles' capabilities, each once, in order. */
    SortedSet<String> capabilities() {
        SortedSet<String> all = new TreeSet<>();
        roles.values().forEach((Collection<String> some) -> all.addAll(some));
        return all;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object item) {
        if (item instanceof Map<?, ?> object) {
            return (Map<String, Object>) object;
        }
        throw new IllegalArgumentException("an object is expected where there is none");
    }

    private static List<String> texts(Map<String, Object> object, String name) {
        return Json.items(object, name).stream().map(String::valueOf).toList();
    }
}
