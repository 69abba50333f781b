package dev.chancery.infra;

import static dev.chancery.infra.Manifests.INFRA;
import static dev.chancery.infra.Manifests.at;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every setting that is given to a process is one that it knows: it would not start with another. */
class SettingsTest {
    private static final Pattern KEY = Pattern.compile("(?m)^(chancery\\.[a-z.-]+)=");

    @Test
    void everySettingIsDocumented() {
        String reference = Manifests.text(INFRA.resolveSibling("docs").resolve("reference/configuration.md"));
        List<String> files = new ArrayList<>(Stream.of("chancery", "core", "sealing")
                .map(name -> Manifests.text(INFRA.resolve("compose/" + name + ".properties")))
                .toList());
        at(Manifests.ofKind("ConfigMap").getFirst(), "data")
                .getAsJsonObject()
                .asMap()
                .values()
                .forEach(file -> files.add(file.getAsString()));

        assertThat(files.stream().flatMap(file -> KEY.matcher(file).results()).map(key -> key.group(1)))
                .hasSizeGreaterThan(20)
                .allMatch(key -> reference.contains("`" + key + "`"), "is in configuration.md");
    }
}
