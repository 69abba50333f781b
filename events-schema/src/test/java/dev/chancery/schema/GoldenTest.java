package dev.chancery.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.chancery.schema.log.v1.Record;
import dev.chancery.schema.log.v1.Statement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What was written stays readable: for every type that goes into the log, samples as JSON and the bytes they have had since.
 *
 * <p>A sample is {@code golden/<type>.json} with {@code golden/<type>.hex}. A new field gets another sample, {@code
 * <type>-<label>}; those that are there are never changed.
 */
class GoldenTest {
    private static final Path DIRECTORY =
            Path.of(System.getProperty("chancery.root"), "events-schema/src/test/resources/golden");

    private final FieldRules rules =
            new FieldRules(types().stream().map(Message::getDescriptorForType).toList());

    @TestFactory
    Stream<DynamicTest> aSampleHasTheBytesItAlwaysHad() {
        return types().stream().flatMap(type -> samples(type).stream()
                .map(sample -> DynamicTest.dynamicTest(sample, () -> {
                    Message message = read(type, sample);
                    byte[] golden = HexFormat.of()
                            .parseHex(Files.readString(DIRECTORY.resolve(sample + ".hex"))
                                    .strip());

                    assertThat(HexFormat.of().formatHex(message.toByteArray()))
                            .isEqualTo(HexFormat.of().formatHex(golden));
                    assertThat(type.getParserForType().parseFrom(golden)).isEqualTo(message);
                    assertThat(rules.check(message)).isEmpty();
                })));
    }

    @TestFactory
    Stream<DynamicTest> everyFieldIsInOneOfItsTypesSamples() {
        return types().stream()
                .map(type -> DynamicTest.dynamicTest(name(type), () -> {
                    Set<FieldDescriptor> missing =
                            new TreeSet<>(type.getDescriptorForType().getFields());
                    for (String sample : samples(type)) {
                        missing.removeAll(read(type, sample).getAllFields().keySet());
                    }
                    assertThat(missing).isEmpty();
                }));
    }

    @Test
    void noSampleIsOfATypeThatIsGone() throws IOException {
        Set<String> known =
                types().stream().flatMap(type -> samples(type).stream()).collect(Collectors.toSet());
        assertThat(files(".json")).isEqualTo(known);
        assertThat(files(".hex")).isEqualTo(known);
    }

    private static List<Message> types() {
        List<Message> types = new ArrayList<>(List.of(Record.getDefaultInstance(), Statement.getDefaultInstance()));
        Contract.load().events().values().forEach(event -> types.add(event.prototype()));
        return types;
    }

    private static List<String> samples(Message type) {
        try {
            return files(".json").stream()
                    .filter(sample -> sample.equals(name(type)) || sample.startsWith(name(type) + "-"))
                    .toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Set<String> files(String ending) throws IOException {
        try (Stream<Path> files = Files.list(DIRECTORY)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(ending))
                    .map(name -> name.substring(0, name.length() - ending.length()))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    private static String name(Message type) {
        return type.getDescriptorForType().getFullName();
    }

    private static Message read(Message type, String sample) throws IOException {
        var builder = type.newBuilderForType();
        JsonFormat.parser().merge(Files.readString(DIRECTORY.resolve(sample + ".json")), builder);
        return builder.build();
    }
}
