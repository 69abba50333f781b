package dev.chancery.auditor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SingleByteTest {
    private static final int ROUNDS = "full".equals(System.getProperty("chancery.rounds")) ? 10_000 : 200;

    @Test
    void noByteOfAnExportCanBeChanged(@TempDir Path directory) throws Exception {
        long seed = Long.getLong("chancery.seed", System.nanoTime());
        System.out.println("single byte changes: -Dchancery.seed=" + seed);
        Random random = new Random(seed);
        Path export = SampleExport.valid(260).write(directory);
        assertThat(Audited.audit(export).isIntact()).isTrue();
        List<Path> files;
        try (var walk = Files.walk(export)) {
            files = walk.filter(Files::isRegularFile).sorted().toList();
        }
        for (int round = 0; round < ROUNDS; round++) {
            Path file = files.get(random.nextInt(files.size()));
            byte[] bytes = Files.readAllBytes(file);
            byte[] changed = bytes.clone();
            int at = random.nextInt(bytes.length);
            changed[at] ^= (byte) (1 + random.nextInt(255));
            Files.write(file, changed);
            assertThat(Audited.audit(export).isIntact())
                    .as("seed %d round %d: %s byte %d %d -> %d", seed, round, file, at, bytes[at], changed[at])
                    .isFalse();
            Files.write(file, bytes);
        }
        assertThat(Audited.audit(export).isIntact()).isTrue();
    }
}
