package dev.chancery.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.feature.FeatureDescription;
import dev.chancery.kernel.Rejection;
import dev.chancery.log.LogRejection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Clients rely on a rejection's code and kind: {@code rejections.txt} lists them, and a line of it never goes away. */
class RejectionCodesTest {
    private static final List<Rejection> ALL = Stream.concat(
                    Stream.of(BoundaryRejection.ALL, LogRejection.ALL),
                    FeatureDescription.all().stream().map(FeatureDescription::rejections))
            .flatMap(List::stream)
            .toList();

    @Test
    void codesAndKindsAreTheListedOnes() throws IOException {
        try (var in = RejectionCodesTest.class.getResourceAsStream("/rejections.txt")) {
            List<String> listed = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();

            assertThat(ALL.stream()
                            .map(rejection -> rejection.code() + " " + rejection.kind())
                            .sorted())
                    .containsExactlyElementsOf(listed);
        }
    }

    @Test
    void noTwoShareACode() {
        assertThat(ALL.stream().map(Rejection::code)).doesNotHaveDuplicates();
    }

    @Test
    void messagesAndHintsAreSentences() {
        assertThat(ALL).allSatisfy(rejection -> {
            assertThat(rejection.message()).endsWith(".").doesNotContain("\n");
            assertThat(rejection.hint()).endsWith(".").doesNotContain("\n");
        });
    }
}
