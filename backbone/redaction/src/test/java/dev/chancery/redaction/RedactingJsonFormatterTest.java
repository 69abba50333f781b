package dev.chancery.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.ExtLogRecord.FormatStyle;
import org.jboss.logmanager.Level;
import org.junit.jupiter.api.Test;

class RedactingJsonFormatterTest {
    private final RedactingJsonFormatter formatter = new RedactingJsonFormatter();

    @Test
    void aRecordIsOneLineInAFixedShape() {
        ExtLogRecord record = record("relay.batch tenant=%s records=%d", "0199f2a0-7c3a-7d52-8e11-3b5a0c9d4e21", 42);
        record.putMdc("requestId", "0199f2a0-7c3a-7d52-8e11-000000000001");

        assertThat(formatter.format(record))
                .isEqualTo(
                        "{\"timestamp\":\"2026-01-01T00:00:00.123456Z\",\"level\":\"INFO\",\"logger\":\"relay.Relay\","
                                + "\"message\":\"relay.batch tenant=0199f2a0-7c3a-7d52-8e11-3b5a0c9d4e21 records=42\","
                                + "\"requestId\":\"0199f2a0-7c3a-7d52-8e11-000000000001\"}\n");
    }

    @Test
    void whatIsRedactedIsCountedByKind() {
        var metrics = new SimpleMeterRegistry();
        Metrics.addRegistry(metrics);
        try {
            formatter.format(record("nothing in %s", "it"));
            assertThat(metrics.find("chancery.dlp.findings").counters())
                    .allSatisfy(counter -> assertThat(counter.count()).isZero());
            formatter.format(record("from %s to max@example.org", "ada@example.org"));
        } finally {
            Metrics.removeRegistry(metrics);
        }
        assertThat(metrics.get("chancery.dlp.findings")
                        .tags("sink", "log", "kind", "mail", "outcome", "redacted")
                        .counter()
                        .count())
                .isEqualTo(2);
    }

    @Test
    void argumentsRequestIdAndEveryCauseAreRedacted() {
        var cause = new IllegalStateException("refused max@example.org");
        ExtLogRecord record = record("sent to %s", "max@example.org");
        record.putMdc("requestId", "max@example.org");
        record.setThrown(new IllegalArgumentException("password=hunter2\n\tat forged.Frame(x)", cause));

        String line = formatter.format(record);

        assertThat(line).doesNotContain("example.org").doesNotContain("hunter2");
        Map<String, Object> json = parse(line);
        assertThat(json)
                .containsEntry("message", "sent to [redacted-mail]")
                .containsEntry("requestId", "[redacted-mail]");
        Map<?, ?> exception = (Map<?, ?>) json.get("exception");
        assertThat(exception.get("type")).isEqualTo("java.lang.IllegalArgumentException");
        assertThat(exception.get("message")).isEqualTo("password=[redacted-secret]\n\tat forged.Frame(x)");
        assertThat(((List<?>) exception.get("frames")).getFirst().toString())
                .startsWith(
                        "dev.chancery.redaction.RedactingJsonFormatterTest.argumentsRequestIdAndEveryCauseAreRedacted(");
        assertThat(((Map<?, ?>) exception.get("cause")).get("message")).isEqualTo("refused [redacted-mail]");
    }

    @Test
    void aLineBreakInAMessageDoesNotBeginALine() {
        String line = formatter.format(record("a\r\n{\"level\":\"INFO\"}\u2028\u0085\u001b[31m\u202e%s", "b"));

        assertThat(line.chars().filter(c -> c < ' ' || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x202e))
                .containsExactly((int) '\n');
        assertThat(parse(line)).containsEntry("message", "a\r\n{\"level\":\"INFO\"}\u2028\u0085\u001b[31m\u202eb");
    }

    @Test
    void depthAndLengthAreBounded() {
        Throwable thrown = new IllegalStateException("innermost");
        for (int i = 0; i < 50; i++) {
            thrown = new IllegalStateException("x".repeat(100_000), thrown);
        }
        var frames = new StackTraceElement[5_000];
        Arrays.fill(frames, new StackTraceElement("dev.chancery.Deep", "call", "Deep.java", 1));
        thrown.setStackTrace(frames);
        ExtLogRecord record = record("y".repeat(1_000_000));
        record.setThrown(thrown);

        String line = formatter.format(record);

        assertThat(line.length()).isLessThan(200_000);
        Map<?, ?> exception = (Map<?, ?>) parse(line).get("exception");
        assertThat((List<?>) exception.get("frames")).hasSize(RedactingJsonFormatter.FRAMES_MAX);
        assertThat(exception.get("framesLeftOut")).isEqualTo(5_000L - RedactingJsonFormatter.FRAMES_MAX);
    }

    @Test
    void aSecretAtTheCutIsRedactedBeforeTheCut() {
        String text = "x".repeat(RedactingJsonFormatter.MESSAGE_MAX_CHARS - 8) + " 4111111111111111";

        assertThat(formatter.format(record(text))).doesNotContain("4111");
    }

    @Test
    void causesThatGoInACircleEnd() {
        var first = new IllegalStateException("first");
        first.initCause(new IllegalStateException("second", first));
        ExtLogRecord record = record("round");
        record.setThrown(first);

        assertThat(parse(formatter.format(record))).containsKey("exception");
    }

    @Test
    void argumentsThatDoNotFitTheFormatLoseNoLine() {
        assertThat(parse(formatter.format(record("records=%d", "many")))
                        .get("message")
                        .toString())
                .contains("records=");
        assertThat(parse(formatter.format(record(null)))).containsEntry("message", "");
    }

    @Property
    void anyRecordIsOneLineOfValidJson(
            @ForAll("texts") String message,
            @ForAll("texts") String requestId,
            @ForAll("texts") String thrown,
            @ForAll("texts") String logger) {
        var record = new ExtLogRecord(Level.WARN, message, FormatStyle.NO_FORMAT, "caller");
        record.setLoggerName(logger);
        record.putMdc("requestId", requestId);
        record.setThrown(new IllegalStateException(thrown));

        String line = formatter.format(record);

        assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
        assertThat(parse(line)).containsOnlyKeys("timestamp", "level", "logger", "message", "requestId", "exception");
        // It survives being written out: no half of a surrogate pair.
        assertThat(new String(line.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8))
                .isEqualTo(line);
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.oneOf(
                Arbitraries.strings().all().ofMaxLength(60),
                Arbitraries.strings()
                        .withChars("\"\\\n\r\t\u0000{}[],:@=ab\uD83D\uDE00 1")
                        .ofMaxLength(60));
    }

    private static Map<String, Object> parse(String line) {
        assertThat(line).endsWith("\n");
        return StrictJson.object(line.substring(0, line.length() - 1));
    }

    private static ExtLogRecord record(String message, Object... arguments) {
        var record = new ExtLogRecord(Level.INFO, message, FormatStyle.PRINTF, "caller");
        record.setLoggerName("dev.chancery.relay.Relay");
        record.setInstant(Instant.parse("2026-01-01T00:00:00.123456789Z"));
        record.setParameters(arguments);
        return record;
    }
}
