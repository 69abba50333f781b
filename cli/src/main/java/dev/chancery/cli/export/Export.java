package dev.chancery.cli.export;

import dev.chancery.cli.client.Refused;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Stream;

/**
 * One export, on its way to its directory.
 *
 * @param origin the log's origin
 * @param size its entries
 * @param files how many files were written
 */
public record Export(String origin, long size, long files) {

    /** Where the ledger's files come from. */
    @FunctionalInterface
    public interface Source {
        /**
         * Copies one file.
         *
         * @param name as the ledger serves it, e.g. {@code tile/0/000}
         */
        void copy(String name, Path to) throws IOException, Refused;
    }

    /** Whether an export may be written there: there is nothing, or an empty directory. */
    public static boolean isFree(Path out) throws IOException {
        if (!Files.isDirectory(out)) {
            return !Files.exists(out);
        }
        try (Stream<Path> files = Files.list(out)) {
            return files.findAny().isEmpty();
        }
    }

    /**
     * Writes an export: beside {@code out} first, and there once it is whole.
     *
     * @param out must be {@linkplain #isFree free}
     */
    public static Export write(Source source, Path out) throws IOException, Refused {
        Path target = out.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (parent == null) {
            throw new IOException("an export needs a directory of its own");
        }
        Files.createDirectories(parent);
        Path unfinished = Files.createTempDirectory(parent, ".export-");
        try {
            Export export = copy(source, unfinished);
            Files.deleteIfExists(target);
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
            return export;
        } finally {
            delete(unfinished);
        }
    }

    private static Export copy(Source source, Path to) throws IOException, Refused {
        Path log = Files.createDirectory(to.resolve("log"));
        source.copy("checkpoint", log.resolve("checkpoint"));
        Checkpoint checkpoint = Checkpoint.parse(Files.readString(log.resolve("checkpoint")));
        source.copy("contract.binpb", to.resolve("contract.binpb"));
        long[] files = {2};
        LogFiles.each(checkpoint.size(), name -> {
            Path file = (name.startsWith("bodies/") ? to : log).resolve(name);
            Files.createDirectories(file.getParent());
            source.copy(name, file);
            files[0]++;
        });
        return new Export(checkpoint.origin(), checkpoint.size(), files[0]);
    }

    /** Removes a directory with all that is in it; nothing where there is none. */
    public static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @org.jspecify.annotations.Nullable IOException e)
                    throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
