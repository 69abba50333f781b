package dev.chancery.redaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TextScanTest {
    private static List<String> whole(String text) {
        return Redactor.spans(text, Profile.ALL).stream().map(Span::kind).toList();
    }

    private static List<String> inPieces(String text, int length) {
        var found = new ArrayList<String>();
        var scan = new TextScan(found::add);
        char[] chars = text.toCharArray();
        for (int from = 0; from < chars.length; from += length) {
            scan.add(chars, from, Math.min(length, chars.length - from));
        }
        scan.end();
        assertThat(scan.settled()).isEqualTo(chars.length);
        return found;
    }

    /** Long enough for several windows. */
    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> words = Arbitraries.of(
                "lorem ",
                "4111 1111 1111 1111 ",
                "ada@example.org, ",
                "+49 30 901820 ",
                "DE89 3704 0044 0532 0130 00\n",
                "{\"password\": \"Xy7-9zQ\"} ",
                "2026-11-30T00:00:00Z ",
                "vault://production/db ");
        return words.list().ofMinSize(3_000).ofMaxSize(6_000).map(list -> String.join("", list));
    }

    @Property(tries = 30)
    void piecesComeToWhatTheWholeComesTo(
            @ForAll("texts") String text, @ForAll @IntRange(min = 1, max = 40_000) int length) {
        assertThat(inPieces(text, length)).isEqualTo(whole(text));
    }

    /** At each place where two windows could meet. */
    @Test
    void aValueIsFoundOnceWhereverItBegins() {
        String value = "4111111111111111";
        for (int before = 12_200; before < 12_400; before++) {
            assertThat(inPieces(" ".repeat(before) + value + " ".repeat(30_000), 1_000))
                    .as("after %s", before)
                    .containsExactly("card");
        }
        for (int before = 20_400; before < 20_600; before++) {
            assertThat(inPieces(" ".repeat(before) + value + " ".repeat(30_000), 1_000))
                    .as("after %s", before)
                    .containsExactly("card");
        }
    }

    /** Whoever passes on what is settled passes on no beginning of a value that is found later. */
    @Test
    void whatIsSettledHoldsNoBeginningOfAValueThatIsFoundLater() {
        for (int before = 0; before < 60_000; before += 37) {
            var found = new ArrayList<String>();
            var scan = new TextScan(found::add);
            char[] chars = (" ".repeat(before) + "4111111111111111" + " ".repeat(30_000)).toCharArray();
            for (int i = 0; i < chars.length && found.isEmpty(); i += 500) {
                assertThat(scan.settled()).isLessThanOrEqualTo(before);
                scan.add(chars, i, Math.min(500, chars.length - i));
            }
        }
    }
}
