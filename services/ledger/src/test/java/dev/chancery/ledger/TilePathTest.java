package dev.chancery.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class TilePathTest {
    @Example
    void pathsReadAsTheSpecificationWritesThem() {
        assertThat(TilePath.parse("tile/0/x001/067.p/3")).contains(new TilePath.Hashes(0, 1_067, 3));
        assertThat(TilePath.parse("tile/63/000")).contains(new TilePath.Hashes(63, 0, 256));
        assertThat(TilePath.parse("tile/entries/x001/x234/067")).contains(new TilePath.Entries(1_234_067, 256));
        assertThat(TilePath.parse("bodies/255.p/255")).contains(new TilePath.Bodies(255, 255));
        assertThat(TilePath.parse("tile/1/x999/x999/x999/x999/x999/999"))
                .contains(new TilePath.Hashes(1, TilePath.MAX_INDEX, 256));
    }

    @Example
    void otherSpellingsAreRefused() {
        assertThat(List.of("", "/", "checkpoint", "tile", "tile/", "tile/0", "tile/0/", "entries/000", "bodies/"))
                .allSatisfy(TilePathTest::isRefused);
        assertThat(List.of("/tile/0/000", "tile/0/000/", "tile//0/000", "tile/0/../000", "tile/0/000 ", "tile/0/000\n"))
                .allSatisfy(TilePathTest::isRefused);
        assertThat(List.of("00", "01", "64", "100", "-1", "+1", "a", "Entries", "bodies", "٠"))
                .allSatisfy(level -> isRefused("tile/" + level + "/000"));
        assertThat(List.of("0", "00", "0000", "x001", "001/002", "x000/001", "x01/002", "X001/002", "x001/x002", "-01"))
                .allSatisfy(index -> isRefused("tile/0/" + index));
        assertThat(List.of("٠٠١", "%30%30%30", "x001//002", "x001/x001/x001/x001/x001/x001/001", "000?", "000#"))
                .allSatisfy(index -> isRefused("tile/entries/" + index));
        assertThat(List.of(".p", ".p/", ".p/0", ".p/00", ".p/01", ".p/256", ".p/999", ".p/1/", ".p/1.p/1", ".P/1"))
                .allSatisfy(width -> isRefused("bodies/000" + width));
    }

    private static void isRefused(String path) {
        assertThat(TilePath.parse(path)).isEmpty();
    }

    @Property
    void whatIsWrittenIsReadBack(@ForAll("paths") TilePath path) {
        assertThat(path.toString()).hasSizeLessThanOrEqualTo(TilePath.MAX_CHARACTERS);
        assertThat(TilePath.parse(path.toString())).contains(path);
    }

    @Property
    void whatIsReadIsWrittenTheSame(@ForAll("nearPaths") String text) {
        TilePath.parse(text).ifPresent(path -> assertThat(path).hasToString(text));
    }

    @Provide
    Arbitrary<TilePath> paths() {
        Arbitrary<Integer> levels = Arbitraries.integers().between(0, TilePath.MAX_LEVEL);
        Arbitrary<Long> indexes = Arbitraries.longs().between(0, TilePath.MAX_INDEX);
        Arbitrary<Integer> widths = Arbitraries.integers().between(1, Tile.WIDTH);
        return Combinators.combine(Arbitraries.integers().between(0, 2), levels, indexes, widths)
                .as((kind, level, index, width) -> switch (kind) {
                    case 0 -> new TilePath.Hashes(level, index, width);
                    case 1 -> new TilePath.Entries(index, width);
                    default -> new TilePath.Bodies(index, width);
                });
    }

    /** Pieces of paths in any order: most are refused, and those that are not must be the canonical ones. */
    @Provide
    Arbitrary<String> nearPaths() {
        return Combinators.combine(
                        Arbitraries.of("tile/0/", "tile/63/", "tile/07/", "tile/entries/", "bodies/", ""),
                        Arbitraries.of("x001/", "x000/", "000", "067", "x1/", ".p/3", ".p/0", ".p/256", "/", "7")
                                .list()
                                .ofMaxSize(5))
                .as((head, rest) -> head + String.join("", rest));
    }
}
