package dev.chancery.keyring;

import com.google.protobuf.ByteString;
import dev.chancery.schema.log.v1.KeyRef;
import dev.chancery.schema.log.v1.Sealed;

/** The message {@code Sealed} as the bytes of {@link CommittingAead}, and back. */
final class SealedParts {
    private SealedParts() {}

    static Sealed toMessage(SealContext where, int version, byte[] sealed) {
        return toMessage(
                KeyRef.newBuilder()
                        .setSubject(where.subject())
                        .setRetention(where.retention())
                        .setVersion(version),
                sealed);
    }

    static Sealed toMessage(KeyRef.Builder key, byte[] sealed) {
        int nonce = CommittingAead.NONCE_BYTES;
        int commitment = CommittingAead.COMMITMENT_BYTES;
        int ciphertextAt = nonce + commitment;
        return Sealed.newBuilder()
                .setKey(key)
                .setNonce(ByteString.copyFrom(sealed, 0, nonce))
                .setCommitment(ByteString.copyFrom(sealed, nonce, commitment))
                .setCiphertext(ByteString.copyFrom(sealed, ciphertextAt, sealed.length - ciphertextAt))
                .build();
    }

    /** @throws SealBroken if a part has not its length */
    static byte[] of(Sealed sealed) {
        int ciphertext = sealed.getCiphertext().size();
        if (sealed.getNonce().size() != CommittingAead.NONCE_BYTES
                || sealed.getCommitment().size() != CommittingAead.COMMITMENT_BYTES
                || ciphertext > Keyring.MAX_PLAINTEXT_BYTES + Padding.BLOCK_BYTES + CommittingAead.TAG_BYTES) {
            throw new SealBroken();
        }
        byte[] parts = new byte[CommittingAead.NONCE_BYTES + CommittingAead.COMMITMENT_BYTES + ciphertext];
        sealed.getNonce().copyTo(parts, 0);
        sealed.getCommitment().copyTo(parts, CommittingAead.NONCE_BYTES);
        sealed.getCiphertext().copyTo(parts, CommittingAead.NONCE_BYTES + CommittingAead.COMMITMENT_BYTES);
        return parts;
    }
}
