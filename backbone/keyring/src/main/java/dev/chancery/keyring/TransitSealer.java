package dev.chancery.keyring;

import java.util.Arrays;
import java.util.Base64;

/**
 * A {@link Sealer} whose keys are in the transit engine of an OpenBao or a HashiCorp Vault, and never leave it. With the prefix of its {@link
 * TransitAccess} before their names: {@value #DERIVE}, whose HMAC key secrets are derived with; {@value #RING} and {@value #WRAP}, whose
 * versions are its rings, organisations' and the installation's. Formats and paths are those of https://openbao.org/api-docs/secret/transit/.
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

    private final TransitKey deriving;
    private final TransitRing ring;
    private final TransitRing installationRing;

    private TransitSealer(TransitAccess access, boolean create) {
        var engine = new TransitEngine(access);
        this.deriving = new TransitKey(engine, access.keys() + DERIVE);
        var organisations = new TransitKey(engine, access.keys() + RING);
        var installation = new TransitKey(engine, access.keys() + WRAP);
        if (create) {
            installation.create();
            deriving.create();
            organisations.create();
        }
        deriving.versions();
        CopyEvidence copied = CopyEvidence.of(access.tokenFile());
        this.ring = new TransitRing(organisations, copied, "");
        this.installationRing = new TransitRing(installation, copied, CopyEvidence.INSTALLATION);
        requireContexts(installation);
    }

    /** An engine that is too old for associated data ignores it, and would open everything anywhere. */
    private static void requireContexts(TransitKey key) {
        byte[] wrapped = key.wrap(TransitKey.NEWEST, PROBE, CONTEXT)
                .orElseThrow(() -> key.unusable("does not wrap: see the server's log"));
        if (!key.unwrap(wrapped, CONTEXT)
                        .filter(opened -> Arrays.equals(opened, PROBE))
                        .isPresent()
                || key.unwrap(wrapped, ANOTHER_CONTEXT).isPresent()) {
            throw key.unusable("opens what was wrapped for something else: take an engine that knows associated_data");
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
    public Ring installationRing() {
        return installationRing;
    }

    @Override
    public String toString() {
        return "TransitSealer[hidden]";
    }
}
