package dev.chancery.cli;

import dev.chancery.redaction.Profile;
import dev.chancery.redaction.Redactor;
import dev.chancery.redaction.Span;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What the log boundary does to a text, for trying it on texts of one's own. */
@Command(
        name = "redact",
        description = {
            "Redacts standard input (UTF-8) line by line, as the log boundary does.",
            "Exit code: 0 read to its end; 2 wrong usage."
        },
        mixinStandardHelpOptions = true)
final class RedactCommand implements Callable<Integer> {
    private final InputStream in;
    private final PrintStream out;

    @Option(
            names = "--profile",
            paramLabel = "NAME",
            completionCandidates = Names.class,
            converter = ByName.class,
            description = "What is redacted: ${COMPLETION-CANDIDATES}. Default: all.")
    private Profile profile = Profile.ALL;

    @Option(
            names = "--spans",
            description = {
                "Print 'line start end type' of each place instead of the text.",
                "Lines count from 1, characters from 0; the end is excluded."
            })
    private boolean spans;

    RedactCommand(InputStream in, PrintStream out) {
        this.in = in;
        this.out = out;
    }

    static final class Names extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        Names() {
            super(Profile.names());
        }
    }

    static final class ByName implements ITypeConverter<Profile> {
        @Override
        public Profile convert(String name) {
            return Profile.of(name)
                    .orElseThrow(() -> new TypeConversionException(
                            "there is no profile '" + name + "'; one of " + String.join(", ", Profile.names())));
        }
    }

    @Override
    public Integer call() throws IOException {
        var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        var line = new StringBuilder();
        for (int number = 1; ; number++) {
            String end = read(lines, line);
            if (end == null) {
                break;
            }
            String text = line.toString();
            if (spans) {
                print(number, text);
            } else {
                out.print(Redactor.redact(text, profile) + end);
            }
        }
        out.flush();
        return 0;
    }

    /** Reads up to a line feed, which ends lines alone: other line separators are part of a log line. Null at the end. */
    private static @Nullable String read(Reader in, StringBuilder line) throws IOException {
        line.setLength(0);
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\n') {
                return "\n";
            }
            line.append((char) c);
        }
        return line.isEmpty() ? null : "";
    }

    private void print(int number, String text) {
        int unit = 0;
        int character = 0;
        for (Span span : Redactor.spans(text, profile)) {
            int start = character + text.codePointCount(unit, span.start());
            int end = start + text.codePointCount(span.start(), span.end());
            out.print(number + " " + start + " " + end + " " + span.kind() + "\n");
            unit = span.end();
            character = end;
        }
    }
}
