package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class MerkleTreeTest {
    /** The entries that the Certificate Transparency implementations test with, and the root of the first 1, 2 … of them. */
    private static final List<String> CT_ENTRIES =
            List.of("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f");

    private static final List<String> CT_ROOTS = List.of(
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

    @Example
    void theEmptyTreeHasTheHashOfNothing() {
        assertThat(HexFormat.of().formatHex(new MerkleTree().root()))
                .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    @Example
    void rootsAreThoseOfCertificateTransparency() {
        var tree = new MerkleTree();
        for (int n = 0; n < CT_ENTRIES.size(); n++) {
            tree.append(HexFormat.of().parseHex(CT_ENTRIES.get(n)), new ArrayList<>());
            assertThat(HexFormat.of().formatHex(tree.root())).isEqualTo(CT_ROOTS.get(n));
        }
    }

    @Property(tries = 200)
    void theRootIsThatOfTheRfc(@ForAll("sizes") int size) {
        assertThat(grown(size, new ArrayList<>()).root()).isEqualTo(NaiveTree.root(leaves(size)));
    }

    @Example
    void aThirdLevelOfTilesBeginsAt65536() {
        for (int size : List.of(65_535, 65_536, 65_539)) {
            var tiles = new ArrayList<Tile>();
            assertThat(grown(size, tiles).root()).isEqualTo(NaiveTree.root(leaves(size)));
            assertThat(tiles).hasSize(size / 256 + size / 65_536);
        }
    }

    @Property(tries = 100)
    void filledTilesHoldTheHashesOfTheSpecification(@ForAll("sizes") int size) {
        var tiles = new ArrayList<Tile>();
        grown(size, tiles);
        Proofs.Tiles<RuntimeException> expected = tilesOf(size);
        assertThat(tiles).hasSize(size / 256);
        for (Tile tile : tiles) {
            assertThat(tile.hashes()).isEqualTo(expected.read(tile.level(), tile.index(), Tile.WIDTH));
            int first = (int) tile.index() * Tile.WIDTH;
            assertThat(tile.root()).isEqualTo(NaiveTree.root(leaves(size).subList(first, first + Tile.WIDTH)));
        }
    }

    @Property(tries = 100)
    void aRestoredTreeGrowsAsIfItHadNeverStopped(@ForAll("sizes") int size, @ForAll @IntRange(max = 600) int more) {
        MerkleTree restored = MerkleTree.restore(size, tilesOf(size)::read);
        assertThat(restored.root()).isEqualTo(NaiveTree.root(leaves(size)));
        for (int n = size; n < size + more; n++) {
            restored.append(entry(n), new ArrayList<>());
        }
        assertThat(restored.root()).isEqualTo(NaiveTree.root(leaves(size + more)));
    }

    @Property(tries = 200)
    void inclusionProofsAreThoseOfTheRfcAndVerify(@ForAll("sizes") int size, @ForAll @IntRange(max = 99_999) int any) {
        Assume.that(size > 0);
        int index = any % size;
        List<byte[]> leaves = leaves(size);
        List<byte[]> path = new Proofs<>(size, tilesOf(size)).inclusion(index);
        assertThat(path).usingElementComparator(Arrays::compare).isEqualTo(NaiveTree.path(index, leaves));
        assertThat(NaiveTree.verifiesInclusion(leaves.get(index), index, size, path, NaiveTree.root(leaves)))
                .isTrue();
    }

    @Property(tries = 200)
    void consistencyProofsAreThoseOfTheRfcAndVerify(
            @ForAll("sizes") int size, @ForAll @IntRange(max = 99_999) int any) {
        Assume.that(size > 0);
        int older = any % size + 1;
        List<byte[]> leaves = leaves(size);
        List<byte[]> proof = new Proofs<>(size, tilesOf(size)).consistency(older);
        assertThat(proof).usingElementComparator(Arrays::compare).isEqualTo(NaiveTree.subproof(older, leaves, true));
        byte[] root = NaiveTree.root(leaves);
        assertThat(NaiveTree.verifiesConsistency(older, size, proof, NaiveTree.root(leaves.subList(0, older)), root))
                .isTrue();
    }

    @Property(tries = 50)
    void theTilesOfATreeComeToItsRoot(@ForAll("sizes") int size) {
        assertThat(new Proofs<>(size, tilesOf(size)).root()).isEqualTo(NaiveTree.root(leaves(size)));
    }

    @Example
    void whatTheTreeDoesNotHaveIsNotProved() {
        var proofs = new Proofs<>(3, tilesOf(3));
        assertThatThrownBy(() -> proofs.inclusion(3)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> proofs.inclusion(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> proofs.consistency(4)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> proofs.consistency(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Provide
    Arbitrary<Integer> sizes() {
        return Arbitraries.oneOf(
                Arbitraries.integers().between(0, 20),
                Arbitraries.integers().between(250, 260),
                Arbitraries.integers().between(508, 516),
                Arbitraries.integers().between(0, 1_500));
    }

    private static MerkleTree grown(int size, List<Tile> filled) {
        var tree = new MerkleTree();
        for (int n = 0; n < size; n++) {
            tree.append(entry(n), filled);
        }
        assertThat(tree.size()).isEqualTo(size);
        return tree;
    }

    /** Tiles by the specification's formula. A width that the tree does not have is an error. */
    private static Proofs.Tiles<RuntimeException> tilesOf(int size) {
        List<byte[]> leaves = leaves(size);
        return (level, index, width) -> {
            int span = 1 << (Tile.HEIGHT * level);
            ByteBuffer hashes = ByteBuffer.allocate(width * TreeHash.BYTES);
            for (int i = 0; i < width; i++) {
                int first = ((int) index * Tile.WIDTH + i) * span;
                hashes.put(NaiveTree.root(leaves.subList(first, first + span)));
            }
            return hashes.array();
        };
    }

    private static List<byte[]> leaves(int size) {
        return IntStream.range(0, size).mapToObj(n -> NaiveTree.leaf(entry(n))).toList();
    }

    private static byte[] entry(int n) {
        return ("entry " + n).getBytes(UTF_8);
    }
}
