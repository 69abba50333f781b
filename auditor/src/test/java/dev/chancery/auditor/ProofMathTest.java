package dev.chancery.auditor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** The two walks, against RFC 6962 as it is written and against what Certificate Transparency's implementations test with. */
class ProofMathTest {
    private static final List<byte[]> CT_LEAVES = Arrays.stream(
                    "/00/10/2021/3031/40414243/5051525354555657/606162636465666768696a6b6c6d6e6f".split("/", -1))
            .map(hex -> Merkle.leaf(HexFormat.of().parseHex(hex)))
            .toList();

    private static final String N01 = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
    private static final String N0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    private static final String N1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
    private static final String N4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    private static final String N23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    private static final String N45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
    private static final String N67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    private static final String N0TO3 = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
    private static final String N4TO7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

    @Example
    void theVectorsOfCertificateTransparencyVerify() {
        assertThat(included(0, 1)).isTrue();
        assertThat(included(0, 8, N1, N23, N4TO7)).isTrue();
        assertThat(included(5, 8, N4, N67, N0TO3)).isTrue();
        assertThat(included(2, 3, N01)).isTrue();
        assertThat(included(1, 5, N0, N23, N4)).isTrue();
        assertThat(consistent(1, 1)).isTrue();
        assertThat(consistent(1, 8, N1, N23, N4TO7)).isTrue();
        assertThat(consistent(6, 8, N45, N67, N0TO3)).isTrue();
        assertThat(consistent(2, 5, N23, N4)).isTrue();
    }

    private static boolean included(int index, int size, String... path) {
        byte[] hashes = HexFormat.of().parseHex(String.join("", path));
        return AuditPath.hashes(index, size) == path.length
                && Arrays.equals(
                        AuditPath.root(CT_LEAVES.get(index), index, size, hashes, 0),
                        Merkle.root(CT_LEAVES.subList(0, size)));
    }

    private static boolean consistent(int older, int size, String... proof) {
        return Consistency.holds(
                older,
                Merkle.root(CT_LEAVES.subList(0, older)),
                size,
                Merkle.root(CT_LEAVES.subList(0, size)),
                Arrays.stream(proof).map(HexFormat.of()::parseHex).toList());
    }

    @Property(tries = 300)
    void aPathOfTheRfcLeadsToTheRootAndFromNoOtherLeafOrPlace(
            @ForAll @IntRange(min = 1, max = 600) int size, @ForAll @IntRange(max = 9_999) int any) {
        int index = any % size;
        List<byte[]> leaves = leaves(size);
        byte[] path = Merkle.path(index, leaves);
        byte[] root = Merkle.root(leaves);
        assertThat(AuditPath.hashes(index, size)).isEqualTo(path.length / Hashing.LENGTH);
        assertThat(AuditPath.root(leaves.get(index), index, size, path, 0)).isEqualTo(root);
        int other = (index + 1) % size;
        if (other != index) {
            assertThat(AuditPath.root(leaves.get(other), index, size, path, 0)).isNotEqualTo(root);
            assertThat(AuditPath.hashes(other, size) == path.length / Hashing.LENGTH
                            && Arrays.equals(AuditPath.root(leaves.get(index), other, size, path, 0), root))
                    .isFalse();
        }
    }

    @Property(tries = 300)
    void aProofOfTheRfcLeadsFromTheOneRootToTheOther(
            @ForAll @IntRange(min = 1, max = 600) int size, @ForAll @IntRange(max = 9_999) int any) {
        int older = any % size + 1;
        List<byte[]> leaves = leaves(size);
        List<byte[]> proof = hashes(Merkle.subproof(older, leaves, true));
        byte[] oldRoot = Merkle.root(leaves.subList(0, older));
        byte[] root = Merkle.root(leaves);
        assertThat(Consistency.holds(older, oldRoot, size, root, proof)).isTrue();
        assertThat(Consistency.holds(older, root(7), size, root, proof)).isFalse();
        assertThat(Consistency.holds(older, oldRoot, size, root(7), proof)).isFalse();
        List<byte[]> more = new ArrayList<>(proof);
        more.add(root(8));
        assertThat(Consistency.holds(older, oldRoot, size, root, more)).isFalse();
        for (int i = 0; i < proof.size(); i++) {
            List<byte[]> changed = new ArrayList<>(proof);
            changed.set(i, root(9));
            assertThat(Consistency.holds(older, oldRoot, size, root, changed)).isFalse();
            changed.remove(i);
            assertThat(Consistency.holds(older, oldRoot, size, root, changed)).isFalse();
        }
    }

    @Property
    void anyNumbersEndSoon(
            @ForAll @LongRange(min = 1) long size, @ForAll @LongRange(min = 0) long index, @ForAll long old) {
        assertThat(AuditPath.hashes(index % size, size)).isBetween(0, ProofFile.MAX_HASHES);
        long older = Math.floorMod(old, size) + 1;
        List<byte[]> most = IntStream.range(0, ProofFile.MAX_HASHES)
                .mapToObj(ProofMathTest::root)
                .toList();
        assertThat(Consistency.holds(older, root(1), size, root(2), most)).isFalse();
        assertThat(Consistency.holds(older, root(1), size, root(2), List.of())).isFalse();
    }

    private static byte[] root(int n) {
        return Merkle.leaf(("not a root of any tree here " + n).getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    private static List<byte[]> leaves(int size) {
        return IntStream.range(0, size)
                .mapToObj(n -> Merkle.leaf(new byte[] {(byte) n, (byte) (n >> 8)}))
                .toList();
    }

    private static List<byte[]> hashes(byte[] endToEnd) {
        List<byte[]> hashes = new ArrayList<>();
        for (int at = 0; at < endToEnd.length; at += Hashing.LENGTH) {
            hashes.add(Arrays.copyOfRange(endToEnd, at, at + Hashing.LENGTH));
        }
        return hashes;
    }
}
