package dev.chancery.story;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.StringValue;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClearTextTest {
    private static final String VALUE = "Zoë Müller-Nagy <zoe@müller.example>";
    private static final String OTHER = "Thaddeus Wrenwick";

    private final ClearText traces = ClearText.of(List.of(VALUE, OTHER));
    private final Random random = new Random(7);

    @TempDir
    private Path directory;

    /** Made here by other means than {@link Spelling} makes them. */
    private static Map<String, byte[]> texts() {
        Map<String, byte[]> texts = new TreeMap<>();
        for (String value :
                List.of(VALUE, "ZOË MÜLLER-NAGY <ZOE@MÜLLER.EXAMPLE>", "zoë müller-nagy <zoe@müller.example>")) {
            texts.put("UTF-8 " + value, value.getBytes(UTF_8));
            texts.put("UTF-16BE " + value, value.getBytes(UTF_16BE));
            texts.put("UTF-16LE " + value, value.getBytes(UTF_16LE));
            texts.put("UTF-16 with a mark " + value, value.getBytes(UTF_16));
            texts.put("a form " + value, ("a=b&name=" + URLEncoder.encode(value, UTF_8) + "&c").getBytes(UTF_8));
            texts.put(
                    "hex " + value,
                    HexFormat.of().formatHex(value.getBytes(UTF_8)).getBytes(UTF_8));
            texts.put(
                    "HEX " + value,
                    HexFormat.of()
                            .withUpperCase()
                            .formatHex(value.getBytes(UTF_8))
                            .getBytes(UTF_8));
            for (String before : List.of("", "?", "ab", "abc", "name: ")) {
                for (String after : List.of("", "~", "yz", "xyz")) {
                    byte[] around = (before + value + after).getBytes(UTF_8);
                    texts.put(
                            "Base64 " + before + "|" + after + value,
                            Base64.getEncoder().encode(around));
                    texts.put(
                            "URL " + before + "|" + after + value,
                            Base64.getUrlEncoder().encode(around));
                }
            }
        }
        return texts;
    }

    @Test
    void aValueIsFoundInEverySpellingWhereverItLies() throws IOException {
        int window = ClearText.WINDOW_BYTES;
        for (var text : texts().entrySet()) {
            for (int at : new int[] {0, 1, window - text.getValue().length, window - 3, window, 2 * window - 1}) {
                Path file = file(at, text.getValue());
                assertThat(traces.in(file))
                        .as("%s at %d", text.getKey(), at)
                        .isNotEmpty()
                        .allSatisfy(found -> {
                            assertThat(found.spelling().value()).isEqualTo(VALUE);
                            assertThat(found.place())
                                    .startsWith(file.toString())
                                    .doesNotContain("Zo")
                                    .doesNotContain("zo");
                        });
            }
        }
    }

    @Test
    void whatAFormatEscapesIsFound() throws IOException {
        String value = "pa\"ss\\wörd\n<&'> one";
        String json = JsonFormat.printer().print(StringValue.of(value));
        for (String text : List.of(
                json,
                JsonFormat.printer().print(StringValue.of(json)),
                StringValue.of(value).toString(),
                "{\"value\": \"pa\\\"ss\\\\wörd\\n<&'> one\"}",
                "{\"value\": \"pa\\\"ss\\\\w\\u00f6rd\\n<&'> one\"}",
                "{\"said\": \"{\\\"value\\\": \\\"pa\\\\\\\"ss\\\\\\\\wörd\\\\n<&'> one\\\"}\"}")) {
            assertThat(ClearText.of(List.of(value)).in(file(7, text.getBytes(UTF_8))))
                    .as(text)
                    .isNotEmpty();
        }
    }

    @Test
    void thePlaceIsTold() throws IOException {
        Path file = file(2_000_003, OTHER.getBytes(UTF_8));
        assertThat(traces.in(file))
                .singleElement()
                .extracting(ClearText.Found::place)
                .isEqualTo(file + " at byte 2000003, as UTF-8");
    }

    @Test
    void aNameOfAFileIsLookedAtToo() throws IOException {
        Path file = Files.write(directory.resolve("for Thaddeus Wrenwick.txt"), new byte[0]);
        assertThat(traces.below(directory).found())
                .singleElement()
                .extracting(ClearText.Found::place)
                .isEqualTo(file + ", in its name, as UTF-8");
    }

    @Test
    void allFilesBelowADirectoryAreRead() throws IOException {
        Files.createDirectories(directory.resolve("a/b"));
        Files.write(directory.resolve("a/b/deep"), OTHER.getBytes(UTF_8));
        Files.write(directory.resolve("a/innocent"), new byte[3]);
        ClearText.Result result = traces.below(directory);
        assertThat(result.files()).isEqualTo(2);
        assertThat(result.bytes()).isEqualTo(OTHER.length() + 3);
        assertThat(result.found()).hasSize(1);
    }

    @Test
    void whatIsCutOffOrAnothersIsNotFound() throws IOException {
        for (byte[] text : texts().values()) {
            assertThat(traces.in(file(5, Arrays.copyOf(text, Math.min(text.length, 20)))))
                    .isEmpty();
        }
        assertThat(traces.in(file(5, "Thaddeus Wrenwich".getBytes(UTF_8)))).isEmpty();
        assertThat(traces.in(file(3 * ClearText.WINDOW_BYTES, new byte[0]))).isEmpty();
    }

    @Test
    void aValueThatChanceCouldWriteIsRefused() {
        assertThatThrownBy(() -> ClearText.of(List.of("Olive"))).isInstanceOf(IllegalArgumentException.class);
    }

    private Path file(int before, byte[] text) throws IOException {
        byte[] bytes = new byte[before + text.length + 2];
        random.nextBytes(bytes);
        System.arraycopy(text, 0, bytes, before, text.length);
        return Files.write(directory.resolve("file"), bytes);
    }
}
