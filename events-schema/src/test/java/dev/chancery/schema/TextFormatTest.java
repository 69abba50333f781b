package dev.chancery.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class TextFormatTest {
    static final String ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

    @Property(tries = 200)
    void aUuidIsAnId(@ForAll long most, @ForAll long least) {
        assertThat(TextFormat.isId(new UUID(most, least).toString())).isTrue();
    }

    @Property(tries = 1000)
    void oneOtherCharacterDecidesAsThePatternDoes(@ForAll long most, @ForAll char other, @ForAll int where) {
        String id = new UUID(most, ~most).toString();
        int at = Math.floorMod(where, id.length());
        String changed = id.substring(0, at) + other + id.substring(at + 1);

        assertThat(TextFormat.isId(changed)).isEqualTo(Pattern.matches(ID, changed));
    }

    @Property(tries = 1000)
    void aCapabilityIsWhatThePatternSays(@ForAll("almostCapabilities") String text) {
        assertThat(TextFormat.isCapability(text))
                .isEqualTo(Pattern.matches("[a-z][a-z0-9.-]{0,62}:[a-z][a-z0-9-]{0,62}", text));
    }

    @Provide
    Arbitrary<String> almostCapabilities() {
        Arbitrary<String> part =
                Arbitraries.strings().withChars("abz09.-A_ ").ofMinLength(0).ofMaxLength(65);
        Arbitrary<String> name =
                Arbitraries.strings().withChars("az09-").ofMinLength(0).ofMaxLength(64);
        return Combinators.combine(
                        Arbitraries.of("a", "z", "", "-"),
                        Arbitraries.oneOf(name, part),
                        Arbitraries.of(":", ":", ":", "", "::"),
                        Arbitraries.of("r", "r", "9"),
                        Arbitraries.oneOf(name, part))
                .as((first, resource, colon, verb, rest) -> first + resource + colon + verb + rest);
    }

    @Example
    void otherLengthsAndUpperCaseAreNone() {
        String id = "01a2252d-6b2b-7a85-a1d8-74d8bd49a05c";
        assertThat(TextFormat.isId("")).isFalse();
        assertThat(TextFormat.isId(id.substring(1))).isFalse();
        assertThat(TextFormat.isId(id + "0")).isFalse();
        assertThat(TextFormat.isId(id.toUpperCase(java.util.Locale.ROOT))).isFalse();
    }
}
