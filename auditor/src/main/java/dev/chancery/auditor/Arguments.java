package dev.chancery.auditor;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A command's options, each at most once and in any order, and what stands between them. */
final class Arguments {
    static final String JSON = "--json";

    private final String usage;
    private final Map<String, String> options = new HashMap<>();
    private final List<String> others = new ArrayList<>();

    /**
     * @param args the first is the command
     * @param valued options that take a value; {@link #JSON} takes none
     * @throws WrongUsage when one is unknown, twice there, or without its value
     */
    Arguments(String[] args, Set<String> valued, String usage) throws WrongUsage {
        this.usage = usage;
        for (int i = 1; i < args.length; i++) {
            String option = args[i];
            if (valued.contains(option)) {
                i++;
                put(option, i < args.length ? args[i] : "");
            } else if (option.equals(JSON)) {
                options.put(JSON, JSON);
            } else if (option.startsWith("-")) {
                throw new WrongUsage("unknown option " + Text.printable(option) + "\n\n" + usage);
            } else {
                others.add(option);
            }
        }
    }

    private void put(String option, String value) throws WrongUsage {
        if (value.isEmpty()) {
            throw new WrongUsage(option + " lacks its value\n\n" + usage);
        }
        if (options.put(option, value) != null) {
            throw new WrongUsage(option + " is there twice\n\n" + usage);
        }
    }

    boolean json() {
        return options.containsKey(JSON);
    }

    @Nullable
    String text(String option) {
        return options.get(option);
    }

    @Nullable
    Path file(String option) throws WrongUsage {
        String path = options.get(option);
        return path == null ? null : path(path);
    }

    Path needed(String option) throws WrongUsage {
        Path file = file(option);
        if (file == null) {
            throw new WrongUsage(option + " is missing\n\n" + usage);
        }
        return file;
    }

    /** The one argument that is no option. */
    Path only(String name) throws WrongUsage {
        if (others.size() != 1) {
            throw new WrongUsage("name one " + name + "\n\n" + usage);
        }
        return path(others.getFirst());
    }

    void noOthers() throws WrongUsage {
        if (!others.isEmpty()) {
            throw new WrongUsage("what is " + Text.printable(others.getFirst()) + "?\n\n" + usage);
        }
    }

    private static Path path(String path) throws WrongUsage {
        try {
            return Path.of(path);
        } catch (InvalidPathException e) {
            throw new WrongUsage("no such path: " + Text.printable(path));
        }
    }
}
