package dev.chancery.infra;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;

/** The files under {@code infra/}, read as what they are. */
final class Manifests {
    static final Path INFRA =
            Path.of(System.getProperty("chancery.root", ".")).toAbsolutePath().resolve("infra");
    private static final Gson GSON = new Gson();

    private Manifests() {}

    /** Every object of the Kubernetes manifests, but for kustomize's own file. */
    static List<JsonObject> kubernetes() {
        try (Stream<Path> files = Files.list(INFRA.resolve("kubernetes"))) {
            List<JsonObject> objects = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                if (file.toString().endsWith(".yaml") && !file.endsWith("kustomization.yaml")) {
                    objects.addAll(documents(file));
                }
            }
            return objects;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<JsonObject> ofKind(String kind) {
        return kubernetes().stream()
                .filter(object -> text(object, "kind").equals(kind))
                .toList();
    }

    /** What a StatefulSet or Job makes, as the pod that is offered for admission. */
    static List<JsonObject> pods() {
        return Stream.concat(ofKind("StatefulSet").stream(), ofKind("Job").stream())
                .map(owner -> at(owner, "spec", "template").getAsJsonObject())
                .toList();
    }

    static JsonObject yaml(Path file) {
        return documents(file).getFirst();
    }

    static List<JsonObject> documents(Path file) {
        // Fails on a key that stands twice.
        var options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(200);
        List<JsonObject> documents = new ArrayList<>();
        new Yaml(options)
                .loadAll(text(file))
                .forEach(document -> documents.add(GSON.toJsonTree(document).getAsJsonObject()));
        return documents;
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonElement at(JsonObject object, String... path) {
        return find(object, path)
                .orElseThrow(() -> new AssertionError("no " + String.join(".", path) + " in " + name(object)));
    }

    static Optional<JsonElement> find(JsonObject object, String... path) {
        JsonElement current = object;
        for (String step : path) {
            if (!current.isJsonObject() || !current.getAsJsonObject().has(step)) {
                return Optional.empty();
            }
            current = current.getAsJsonObject().get(step);
        }
        return Optional.of(current);
    }

    static String text(JsonObject object, String... path) {
        return at(object, path).getAsString();
    }

    static String name(JsonObject object) {
        return find(object, "kind").map(JsonElement::getAsString).orElse("?") + " "
                + find(object, "metadata", "name").map(JsonElement::getAsString).orElse("?");
    }
}
