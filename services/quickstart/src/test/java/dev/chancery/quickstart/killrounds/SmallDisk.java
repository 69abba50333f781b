package dev.chancery.quickstart.killrounds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.quickstart.instance.RunningInstance;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;

/**
 * A file system of its own with as much room as a test gives it, in memory. It takes root and a kernel that mounts; where they are not, the
 * test is left out, and says so.
 */
final class SmallDisk implements AutoCloseable {
    private static final Duration UNMOUNT_LIMIT = Duration.ofSeconds(10);
    private static final int BLOCK_BYTES = 4096;

    private static final String NO_MOUNT = "a small file system can't be mounted here: that takes root, and tmpfs";

    private final Path root;

    private SmallDisk(Path root) {
        this.root = root;
    }

    static SmallDisk of(String name, int mebibytes) {
        Path root = newRoot(name);
        int exit = run(
                "mount", "-t", "tmpfs", "-o", "mode=0700,size=" + mebibytes + "m", "chancery-test", root.toString());
        if (exit != 0) {
            System.out.printf("small disk: skipped, %s%n", NO_MOUNT);
        }
        Assumptions.assumeTrue(exit == 0, NO_MOUNT);
        return new SmallDisk(root);
    }

    private static Path newRoot(String name) {
        try {
            return Files.createDirectory(RunningInstance.newDirectory(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int run(String... command) {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Its topmost directory, where an instance's can be: the key file and what the process says are elsewhere then. */
    Path root() {
        return root;
    }

    long freeBytes() {
        return root.toFile().getUsableSpace();
    }

    /** Takes all the room that there is but this much, for 0 to the last block. */
    void fill(long leaveBytes) {
        ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
        try (FileChannel ballast = FileChannel.open(ballast(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (leaveBytes == 0 || freeBytes() > leaveBytes) {
                ballast.write(block.clear());
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left on device");
        }
    }

    /** Gives back what {@link #fill} took. */
    void free() {
        try {
            Files.deleteIfExists(ballast());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path ballast() {
        return root.resolve("ballast");
    }

    @Override
    public void close() {
        // A process that is about to end may still hold it.
        if (!RunningInstance.await(UNMOUNT_LIMIT, () -> run("umount", root.toString()) == 0)) {
            run("umount", "-l", root.toString());
        }
    }
}
