package dev.chancery.auditor;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Remembers the signature that was found good last: entries that were signed together follow each other. For one thread. */
final class VerifiedSignatures {
    private @Nullable VerifierKey key;
    private byte[] signed = {};
    private byte[] signature = {};

    boolean isGood(VerifierKey signer, byte[] itsSigned, byte[] itsSignature) {
        if (signer == key && Arrays.equals(itsSigned, signed) && Arrays.equals(itsSignature, signature)) {
            return true;
        }
        if (!signer.verifies(itsSignature, 0, itsSigned, 0, itsSigned.length)) {
            return false;
        }
        key = signer;
        signed = itsSigned;
        signature = itsSignature;
        return true;
    }
}
