package dev.chancery.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PatternShapeTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "Bearer 6",
                "[a-z]{3} 3",
                "[a-z][a-z0-9.-]{0,62} 63",
                "\\P{Cc}{1,128} 128",
                "[a-z]{1,32}(\\.[a-z][a-z-]{0,21}){1,4} 124",
                "[^@\\s\\p{Cc}]{1,64}@[^@\\s\\p{Cc}]{1,189} 254",
                "[^\\p{Cc}\\u2028-\\u202e][^\\p{Cc}]{0,9} 10",
                "(ab)?c 3"
            })
    void theLongestMatchIsReadFromThePattern(String pattern, int maxCodePoints) {
        assertThat(new PatternShape(pattern).maxCodePoints()).isEqualTo(maxCodePoints);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a*", "a+", "[a-z]+b", "(a{1,3})*", "a{2,}"})
    void theUnboundedIsRefused(String pattern) {
        refuses(pattern);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a?a", "[a-z]{1,9}[a-c]", "(a{1,9}){1,9}", "(a{1,9}b?){1,9}", "(ab?){1,2}b", "\\P{Cc}{0,9}x"})
    void whatLeavesAChoiceToTheMatcherIsRefused(String pattern) {
        refuses(pattern);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a|b", ".", "^a", "a$", "[a[b]]", "[a&&b]", "(?i)a", "\\d", "\\1", "é", "(a", "a)", "[a", "a{", "a{x}",
                "a{0}", "a{3,2}", "(a?){2}", "\\"
            })
    void whatIsOutsideTheSubsetIsRefused(String pattern) {
        refuses(pattern);
    }

    @Test
    void whetherTextWithSpacesMatchesIsReadFromThePattern() {
        assertThat(new PatternShape("\\P{Cc}{1,9}").admits(' ')).isTrue();
        assertThat(new PatternShape("[a-z]{1,9}(-[^a]?)").admits(' ')).isTrue();
        assertThat(new PatternShape("[a-z-]{1,9}").admits(' ')).isFalse();
    }

    @Property
    void noMatchIsLongerThanThePatternSays(@ForAll("patterns") String pattern, @ForAll("texts") String text) {
        PatternShape shape;
        try {
            shape = new PatternShape(pattern);
        } catch (IllegalArgumentException e) {
            return;
        }
        if (Pattern.compile(pattern).matcher(text).matches()) {
            assertThat(text.codePointCount(0, text.length())).isLessThanOrEqualTo(shape.maxCodePoints());
        }
    }

    @Property
    void anyTextIsAPatternOrRefused(@ForAll String text) {
        try {
            assertThat(new PatternShape(text).maxCodePoints()).isNotNegative();
            Pattern.compile(text);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("pattern");
        }
    }

    @Provide
    Arbitrary<String> patterns() {
        Arbitrary<String> atom = Arbitraries.of("a", "b", "[ab]", "\\P{Cc}", "(a)", "(ab?)", "\\.");
        Arbitrary<String> count = Arbitraries.of("", "", "?", "{2}", "{0,3}");
        return net.jqwik.api.Combinators.combine(atom, count)
                .as(String::concat)
                .list()
                .ofMinSize(1)
                .ofMaxSize(4)
                .map(parts -> String.join("", parts));
    }

    @Provide
    Arbitrary<String> texts() {
        return Arbitraries.strings().withChars("ab.\uD83D\uDE00").ofMaxLength(8);
    }

    private static void refuses(String pattern) {
        assertThatThrownBy(() -> new PatternShape(pattern)).isInstanceOf(IllegalArgumentException.class);
    }
}
