package dev.chancery.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The processor time that an instance's processes have used, from Linux' {@code /proc}: each process that was named, all of its
 * descendants, and those of them that have ended.
 *
 * <p>Elsewhere than on Linux, and for an instance on another machine, there are no processes to read and no figures.
 */
public final class ProcessorTime {
    /** {@code USER_HZ}: 100 on every Linux that runs Java 25. */
    private static final int TICKS_A_SECOND = 100;

    /** In /proc/PID/stat, counted from the state, which follows the name in brackets. */
    private static final int PARENT = 1;

    private static final int FIRST_TIME = 11;
    private static final int TIMES = 4;

    private final Set<Long> roots;

    /** @param javaSeconds of the Java processes; @param otherSeconds of the others: PostgreSQL's */
    record Used(double javaSeconds, double otherSeconds) {
        double seconds() {
            return javaSeconds + otherSeconds;
        }

        Used since(Used earlier) {
            return new Used(javaSeconds - earlier.javaSeconds, otherSeconds - earlier.otherSeconds);
        }
    }

    private record Stat(String name, long parent, double seconds) {}

    private ProcessorTime(Collection<Long> roots) {
        this.roots = Set.copyOf(roots);
    }

    /** Of these processes and their descendants. */
    public static ProcessorTime of(Collection<Long> processIds) {
        return new ProcessorTime(processIds);
    }

    /** Of the quick start that runs on a data directory: the process that holds its lock, and its PostgreSQL. */
    public static ProcessorTime on(Path data) throws IOException {
        Set<Long> found = new LinkedHashSet<>();
        lockHolder(data.resolve("lock")).ifPresent(found::add);
        if (!found.isEmpty()) {
            try (Stream<Path> files =
                    Files.find(data.resolve("postgres"), 2, (path, kind) -> path.endsWith("postmaster.pid"))) {
                for (Path file : files.toList()) {
                    found.add(Long.parseLong(Files.readAllLines(file).getFirst().strip()));
                }
            }
        }
        return new ProcessorTime(found);
    }

    /** The process that holds a POSIX lock on a file: {@code 1: POSIX ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF}. */
    private static Optional<Long> lockHolder(Path file) throws IOException {
        Path locks = Path.of("/proc/locks");
        if (!Files.isReadable(locks) || !Files.exists(file)) {
            return Optional.empty();
        }
        String inode = ":" + Files.getAttribute(file, "unix:ino");
        return Files.readAllLines(locks).stream()
                .map(line -> line.strip().split(" +"))
                .filter(fields -> fields.length > 5 && fields[5].endsWith(inode))
                .map(fields -> Long.parseLong(fields[4]))
                .findFirst();
    }

    /** Whether there is anything to read. */
    boolean isKnown() {
        return !roots.isEmpty();
    }

    Used used() throws IOException {
        Map<Long, Stat> processes = processes();
        Map<Long, List<Long>> children = new HashMap<>();
        processes.forEach((id, stat) -> children.computeIfAbsent(stat.parent, parent -> new ArrayList<>())
                .add(id));
        double java = 0;
        double other = 0;
        Set<Long> seen = new HashSet<>();
        Deque<Long> open = new ArrayDeque<>(roots);
        while (!open.isEmpty()) {
            long id = open.pop();
            Stat stat = processes.get(id);
            if (stat != null && seen.add(id)) {
                if (stat.name.equals("java")) {
                    java += stat.seconds;
                } else {
                    other += stat.seconds;
                }
                open.addAll(children.getOrDefault(id, List.of()));
            }
        }
        return new Used(java, other);
    }

    private static Map<Long, Stat> processes() throws IOException {
        Map<Long, Stat> processes = new HashMap<>();
        try (Stream<Path> directories = Files.list(Path.of("/proc"))) {
            for (Path directory : directories.toList()) {
                String name = String.valueOf(directory.getFileName());
                if (name.chars().allMatch(character -> character >= '0' && character <= '9')) {
                    try {
                        processes.put(Long.parseLong(name), stat(Files.readString(directory.resolve("stat"))));
                    } catch (IOException e) {
                        // It has ended since the directory was read; its parent has its time.
                    }
                }
            }
        }
        return processes;
    }

    /** User and system time, of itself and of its children that have ended. */
    private static Stat stat(String text) {
        int open = text.indexOf('(');
        int close = text.lastIndexOf(')');
        String[] fields = text.substring(close + 2).split(" ");
        long ticks = 0;
        for (int i = FIRST_TIME; i < FIRST_TIME + TIMES; i++) {
            ticks += Long.parseLong(fields[i]);
        }
        return new Stat(
                text.substring(open + 1, close), Long.parseLong(fields[PARENT]), (double) ticks / TICKS_A_SECOND);
    }
}
