package dev.chancery.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Proofs as C2SP writes them. Both end with the checkpoint that they lead to, as it was signed. */
final class ProofText {
    private ProofText() {}

    /** A tlog-proof. Its extra data is the entry, so that whoever has the text can hash the leaf; without, whoever has the entry can. */
    static String inclusion(long position, Optional<byte[]> entry, List<byte[]> path, SignedHead head) {
        String extra = entry.map(bytes -> "extra " + base64(bytes) + "\n").orElse("");
        return "c2sp.org/tlog-proof@v1\n" + extra + "index " + position + "\n" + tail(path, head);
    }

    /** A decision's event, and the tlog-proof of the record that has it. */
    static String decision(byte[] body, String inclusion) {
        return "chancery/decision-proof@v1\nbody " + base64(body) + "\n" + inclusion;
    }

    /** The body of a tlog-witness add-checkpoint request. */
    static String consistency(long oldSize, List<byte[]> proof, SignedHead head) {
        return "old " + oldSize + "\n" + tail(proof, head);
    }

    private static String tail(List<byte[]> hashes, SignedHead head) {
        var lines = new StringBuilder();
        hashes.forEach(hash -> lines.append(base64(hash)).append('\n'));
        return lines.append('\n').append(new String(head.note(), UTF_8)).toString();
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
