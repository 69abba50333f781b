package dev.chancery.cli.export;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class LogFilesTest {
    private static List<String> of(long size) throws Exception {
        List<String> names = new ArrayList<>();
        LogFiles.each(size, names::add);
        return names;
    }

    @Test
    void anEmptyLogHasNone() throws Exception {
        assertThat(of(0)).isEmpty();
    }

    @Test
    void aShortLogHasPartialOnes() throws Exception {
        assertThat(of(1)).containsExactly("tile/0/000.p/1", "tile/entries/000.p/1", "bodies/000.p/1");
        assertThat(of(255)).containsExactly("tile/0/000.p/255", "tile/entries/000.p/255", "bodies/000.p/255");
    }

    @Test
    void aFullTileHasAParent() throws Exception {
        assertThat(of(256)).containsExactly("tile/0/000", "tile/1/000.p/1", "tile/entries/000", "bodies/000");
        assertThat(of(257))
                .containsExactly(
                        "tile/0/000",
                        "tile/0/001.p/1",
                        "tile/1/000.p/1",
                        "tile/entries/000",
                        "tile/entries/001.p/1",
                        "bodies/000",
                        "bodies/001.p/1");
    }

    @Test
    void levelsGoUpWhileThereIsAFullTileBelow() throws Exception {
        assertThat(of(65_536).stream().filter(name -> name.startsWith("tile/2/")))
                .containsExactly("tile/2/000.p/1");
        assertThat(of(65_535).stream().filter(name -> name.startsWith("tile/2/")))
                .isEmpty();
    }

    @Test
    void numbersAreInGroupsOfThree() {
        assertThat(LogFiles.number(0)).isEqualTo("000");
        assertThat(LogFiles.number(1_000)).isEqualTo("x001/000");
        assertThat(LogFiles.number(1_234_067)).isEqualTo("x001/x234/067");
    }

    @Property(tries = 50)
    void eachEntryIsInOneBundleAndNoNameComesTwice(@ForAll @LongRange(max = 200_000) long size) throws Exception {
        List<String> names = of(size);
        assertThat(names).doesNotHaveDuplicates();
        assertThat(width(names, "tile/entries/")).isEqualTo(size);
        assertThat(width(names, "bodies/")).isEqualTo(size);
        assertThat(width(names, "tile/0/")).isEqualTo(size);
        assertThat(width(names, "tile/1/")).isEqualTo(size / 256);
    }

    private static long width(List<String> names, String prefix) {
        return names.stream()
                .filter(name -> name.startsWith(prefix))
                .mapToLong(
                        name -> name.contains(".p/") ? Long.parseLong(name.substring(name.lastIndexOf('/') + 1)) : 256)
                .sum();
    }
}
