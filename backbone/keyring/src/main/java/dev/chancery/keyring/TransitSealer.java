package dev.chancery.keyring;

import java.util.Arrays;
import java.util.Base64;

/**
 * A {@link Sealer} whose keys are in the transit engine of an OpenBao or a HashiCorp Vault, and never leave it. With the prefix of its {@link
 * TransitAccess} before their names: {@value #WRAP}, which wraps; {@value #DERIVE}, whose HMAC key secrets are derived with; {@value #RING},
 * whose versions are the ring. Formats and paths are those of https://openbao.org/api-docs/secret/transit/.
 *
 * <p>Each key that is wrapped or unwrapped is a request; what is opened is cached by who asks. A request that fails has one attempt: the
 * caller is refused, and the next one asks again.
 *
 * <p><b>Does not promise:</b> that no copy of a wrapped key's bytes is left in memory, here or in the engine's process: they pass through the
 * texts and buffers of HTTP and TLS.
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class TransitSealer implements Sealer {
    static final String WRAP = "-wrap";
    static final String DERIVE = "-derive";
    static final String RING = "-ring";

    private static final byte[] PROBE = new byte[SecretBytes.KEY_BYTES];
    private static final byte[] CONTEXT = {1};
    private static final byte[] ANOTHER_CONTEXT = {2};

    private final TransitKey wrapping;
    private final TransitKey deriving;
    private final TransitRing ring;

    private TransitSealer(TransitAccess access, boolean create) {
        var engine = new TransitEngine(access);
        this.wrapping = new TransitKey(engine, access.keys() + WRAP);
        this.deriving = new TransitKey(engine, access.keys() + DERIVE);
        var versions = new TransitKey(engine, access.keys() + RING);
        if (create) {
            wrapping.create();
            deriving.create();
            versions.create();
        }
        wrapping.versions();
        deriving.versions();
        this.ring = new TransitRing(versions, CopyEvidence.of(access.tokenFile()));
        requireContexts();
    }

    /** An engine that is too old for associated data ignores it, and would open everything anywhere. */
    private void requireContexts() {
        byte[] wrapped = wrap(PROBE, CONTEXT);
        if (!Arrays.equals(unwrap(wrapped, CONTEXT), PROBE)
                || wrapping.unwrap(wrapped, ANOTHER_CONTEXT).isPresent()) {
            throw wrapping.unusable(
                    "opens what was wrapped for something else: take an engine that knows associated_data");
        }
    }

    /**
     * Takes an engine that has the sealer's keys.
     *
     * @throws TransitUnusable if it doesn't answer, refuses the token, has not the keys, or would give them away
     */
    public static TransitSealer open(TransitAccess access) {
        return new TransitSealer(access, false);
    }

    /** The same, and makes the keys where the engine has none yet. */
    public static TransitSealer create(TransitAccess access) {
        return new TransitSealer(access, true);
    }

    @Override
    public byte[] wrap(byte[] key, byte[] context) {
        return wrapping.wrap(TransitKey.NEWEST, key, context)
                .orElseThrow(() -> wrapping.unusable("does not wrap: see the server's log"));
    }

    @Override
    public byte[] unwrap(byte[] wrapped, byte[] context) {
        int version = TransitKey.versionOf(wrapped).orElseThrow(SealBroken::new);
        return wrapping.unwrap(wrapped, context).orElseThrow(() -> {
            TransitKey.Versions now = wrapping.versions();
            return version > now.newest() || now.usable().contains(version)
                    ? new SealBroken()
                    : wrapping.unusable("opens nothing of version " + version
                            + ": lower its min_decryption_version, or restore what was trimmed");
        });
    }

    @Override
    public String derive(String purpose) {
        byte[] secret = deriving.hmac(
                Framing.labelled("chancery/secret/v1").text(purpose).toBytes());
        try {
            return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        } finally {
            Arrays.fill(secret, (byte) 0);
        }
    }

    @Override
    public Ring ring() {
        return ring;
    }

    @Override
    public String toString() {
        return "TransitSealer[hidden]";
    }
}
