package dev.chancery.infra;

import static dev.chancery.infra.Manifests.INFRA;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The image is made of what was built, on a base that can't change, and runs as nobody in particular. */
class ImageTest {
    private final List<String> lines =
            Manifests.text(INFRA.resolve("image/Containerfile")).lines().toList();

    @Test
    void theBaseIsNamedByItsDigest() {
        assertThat(lines)
                .filteredOn(line -> line.startsWith("FROM "))
                .singleElement()
                .asString()
                .matches("FROM gcr\\.io/distroless/\\S+:nonroot@sha256:[0-9a-f]{64}");
    }

    @Test
    void itRunsAsAUserWithoutAName() {
        assertThat(lines).filteredOn(line -> line.startsWith("USER ")).containsExactly("USER 10001:10001");
    }

    /** Nothing is run or fetched while it is built: the base has no shell, and what is copied was built and tested elsewhere. */
    @Test
    void itOnlyCopies() {
        assertThat(lines).noneMatch(line -> line.startsWith("RUN ") || line.startsWith("ADD "));
    }
}
