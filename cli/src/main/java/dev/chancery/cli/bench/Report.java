package dev.chancery.cli.bench;

import dev.chancery.cli.client.Json;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a run found: lines for people as they come, or one JSON object at the end. */
public final class Report {
    private final PrintStream out;
    private final boolean asJson;
    private final Map<String, Object> json = new LinkedHashMap<>();

    public Report(PrintStream out, boolean asJson) {
        this.out = out;
        this.asJson = asJson;
    }

    /** A figure. */
    void add(String name, String text, String jsonName, Object jsonValue) {
        line("%-19s %s", name, text);
        json.put(jsonName, jsonValue);
    }

    /** Progress, for people only. */
    void line(String format, Object... values) {
        if (!asJson) {
            out.println(String.format(Locale.ROOT, format, values));
        }
    }

    void begin(Plan plan) throws IOException {
        String processor = processor();
        int cores = Runtime.getRuntime().availableProcessors();
        String system = System.getProperty("os.name") + " " + System.getProperty("os.version");
        line("%s, %d cores, %s, Java %s, driver on the same machine", processor, cores, system, Runtime.version());
        line("%s", plan);
        json.put("mode", plan.mode().name().toLowerCase(Locale.ROOT));
        json.put("plan", plan.json());
        json.put(
                "machine",
                Map.of(
                        "processor", processor,
                        "cores", cores,
                        "system", system,
                        "java", Runtime.version().toString()));
    }

    void end() {
        if (asJson) {
            out.println(Json.write(json));
        }
    }

    private static String processor() throws IOException {
        Path cpuinfo = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(cpuinfo)) {
            return "unknown processor";
        }
        return Files.readAllLines(cpuinfo).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown processor");
    }
}
