package dev.chancery.quickstart.start;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.RunningInstance;
import dev.chancery.quickstart.instance.SharedInstance;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A machine's language changes nothing of what is written: a directory goes on under every one. */
class LocaleIT {
    @Test
    void aDirectoryThatWasMadeInOneLanguageGoesOnInAnother() throws Exception {
        Path data = RunningInstance.newDirectory("locale");
        try (RunningInstance egyptian =
                RunningInstance.start(data, "-Duser.language=ar", "-Duser.country=EG", "-Duser.extensions=nu-arab")) {
            SharedInstance.on(egyptian);
            assertThat(egyptian.stop()).as("exit code after TERM").isIn(0, 143);
        }
        try (Stream<Path> files = Files.walk(data)) {
            assertThat(files.map(Path::toString)).allMatch(name -> name.chars().allMatch(c -> c < 128));
        }
        try (RunningInstance turkish = RunningInstance.start(data, "-Duser.language=tr", "-Duser.country=TR")) {
            assertThat(turkish.claimFile())
                    .as("the claim was used in the other language")
                    .isEmpty();
            assertThat(turkish.logText()).doesNotContain("\"ERROR\"");
        }
    }
}
