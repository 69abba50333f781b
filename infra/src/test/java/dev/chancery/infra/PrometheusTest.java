package dev.chancery.infra;

import static dev.chancery.infra.Manifests.INFRA;
import static dev.chancery.infra.Manifests.at;
import static dev.chancery.infra.Manifests.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Alerts watch what is measured, and say what to do. */
class PrometheusTest {
    private static final Pattern METER = Pattern.compile("\"(chancery\\.[a-z.]+)\"");
    private static final Pattern METRIC = Pattern.compile("chancery_[a-z_]+");

    @Test
    void everyAlertWatchesAMetricThatExists() throws IOException {
        Set<String> measured = new TreeSet<>();
        for (String modules : new String[] {"backbone", "services"}) {
            try (Stream<Path> files = Files.walk(INFRA.resolveSibling(modules))) {
                for (Path file : files.filter(file -> file.toString().endsWith(".java")
                                && file.toString().contains("src/main"))
                        .toList()) {
                    METER.matcher(text(file))
                            .results()
                            .forEach(meter -> measured.add(meter.group(1).replace('.', '_')));
                }
            }
        }
        for (JsonObject alert : alerts()) {
            // Prometheus has a counter's name with this at its end.
            assertThat(METRIC.matcher(text(alert, "expr")).results().map(metric -> metric.group()
                            .replaceFirst("_total$", "")))
                    .as(text(alert, "alert"))
                    .allMatch(measured::contains, "is measured");
        }
    }

    @Test
    void everyAlertSaysHowUrgentItIsAndWhatToDo() {
        assertThat(alerts()).isNotEmpty().allSatisfy(alert -> {
            assertThat(text(alert, "labels", "severity")).isIn("page", "ticket");
            assertThat(text(alert, "annotations", "summary")).isNotBlank();
            assertThat(text(alert, "annotations", "action")).isNotBlank();
            assertThat(alert.keySet()).isSubsetOf("alert", "expr", "for", "labels", "annotations");
        });
    }

    private static Iterable<JsonObject> alerts() {
        JsonObject file = Manifests.yaml(INFRA.resolve("prometheus/alerts.yaml"));
        return at(at(file, "groups").getAsJsonArray().get(0).getAsJsonObject(), "rules")
                .getAsJsonArray()
                .asList()
                .stream()
                .map(JsonElement::getAsJsonObject)
                .toList();
    }
}
