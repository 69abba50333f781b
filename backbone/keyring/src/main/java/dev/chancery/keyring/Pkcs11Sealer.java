package dev.chancery.keyring;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AuthProvider;
import java.security.GeneralSecurityException;
import java.security.InvalidParameterException;
import java.security.KeyStore;
import java.security.Provider;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.security.Security;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.login.FailedLoginException;
import javax.security.auth.login.LoginException;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Sealer} whose keys are in a hardware security module, or another token that speaks PKCS#11, and never leave it: {@value #DERIVE},
 * which secrets are derived with, and the versions of its rings, {@value #RING} and {@value #WRAP} with the version behind. All are sensitive
 * and not extractable.
 *
 * <p>A key is wrapped by encrypting its bytes, not with the token's own key wrapping, which few tokens have with associated data:
 *
 * <pre>
 *   wrapped = 0x01 ‖ iv, 12 random bytes ‖ AES-256-GCM(key of the token, iv, associated data = context, key) with its 16-byte tag
 * </pre>
 *
 * <p><b>Limits:</b> a version wraps at most 2^32 keys, the bound of AES-GCM with random IVs (NIST SP 800-38D, 8.3). It wraps organisations',
 * environments' and signing keys only, each once. Unlike {@link KeyFileSealer} it does not commit to its key: that matters to whoever could
 * choose the token's key.
 *
 * <p><b>Thread safety:</b> safe.
 */
public final class Pkcs11Sealer implements Sealer {
    static final String WRAP = "chancery-wrap-";
    static final String RING = "chancery-ring-";
    static final String DERIVE = "chancery-derive-1";

    private static final byte FORMAT = 1;
    private static final int IV_BYTES = 12;
    private static final int TAG_BYTES = 16;
    private static final int KEY_BITS = 256;
    private static final String CIPHER = "AES/GCM/NoPadding";
    private static final String MAC = "HmacSHA256";
    private static final String ATTRIBUTES = """
            attributes(generate, CKO_SECRET_KEY, CKK_AES) = {
              CKA_SENSITIVE = true
              CKA_EXTRACTABLE = false
              CKA_ENCRYPT = true
              CKA_DECRYPT = true
            }
            attributes(generate, CKO_SECRET_KEY, CKK_GENERIC_SECRET) = {
              CKA_SENSITIVE = true
              CKA_EXTRACTABLE = false
              CKA_SIGN = true
            }
            """;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Providers of slots without a token, by library and slot. Java looks for the token with a thread of each: one that waits is taken again. */
    private static final Map<String, Provider> EMPTY = new ConcurrentHashMap<>();

    private final Provider token;
    private final SecretKey deriving;
    private final Pkcs11Ring ring;
    private final Pkcs11Ring installationRing;

    private Pkcs11Sealer(Provider token, KeyStore keys, boolean create) throws GeneralSecurityException, IOException {
        this.token = token;
        this.deriving = key(keys, DERIVE, MAC, token, create);
        this.ring = new Pkcs11Ring(keys, RING, new RingToken(token), create);
        this.installationRing = new Pkcs11Ring(keys, WRAP, new RingToken(token), create);
    }

    /** What a ring needs of the token. */
    private record RingToken(Provider token) implements Pkcs11Ring.Token {
        @Override
        public SecretKey key(KeyStore keys, String name, boolean create) throws GeneralSecurityException {
            return Pkcs11Sealer.key(keys, name, "AES", token, create);
        }

        @Override
        public byte[] wrap(SecretKey with, byte[] key, byte[] context) {
            return Pkcs11Sealer.wrap(token, with, key, context);
        }

        @Override
        public byte[] unwrap(SecretKey with, byte[] wrapped, byte[] context) {
            return Pkcs11Sealer.unwrap(token, with, wrapped, context);
        }
    }

    /**
     * Signs in to a token that has the sealer's keys.
     *
     * @param library the vendor's PKCS#11 library, e.g. {@code /usr/lib/softhsm/libsofthsm2.so}
     * @param slot which of the library's slots, counted from 0
     * @param pin of the token's user; not kept
     * @throws TokenUnusable if there is no such token, the PIN is wrong, or the token has not the keys
     */
    public static Pkcs11Sealer open(Path library, int slot, char[] pin) {
        return open(library, slot, pin, false);
    }

    /** The same, and makes the keys where the token has none yet. */
    public static Pkcs11Sealer create(Path library, int slot, char[] pin) {
        return open(library, slot, pin, true);
    }

    /**
     * Names the file that says which versions of the rings are backed up with the token.
     *
     * @param sealer the file is beside this one, and {@code .copied} is at the end of its name
     */
    public Pkcs11Sealer copiesAreSaidBeside(Path sealer) {
        ring.copiesAreSaidIn(CopyEvidence.of(sealer), "");
        installationRing.copiesAreSaidIn(CopyEvidence.of(sealer), CopyEvidence.INSTALLATION);
        return this;
    }

    private static Pkcs11Sealer open(Path library, int slot, char[] pin, boolean create) {
        try {
            Provider token = token(library, slot);
            signIn(token, pin);
            KeyStore keys = KeyStore.getInstance("PKCS11", token);
            return Pkcs11Ring.listed(keys, false, () -> new Pkcs11Sealer(token, keys, create));
        } catch (FailedLoginException e) {
            throw unusable(library, slot, false, e);
        } catch (LoginException e) {
            // Not the PIN: it is not there, or is changed just now.
            throw unusable(library, slot, true, e);
        } catch (GeneralSecurityException | IOException | ProviderException e) {
            throw unusable(library, slot, false, e);
        }
    }

    /** The token in a slot, with nobody signed in. */
    private static Provider token(Path library, int slot) {
        Provider provider = Security.getProvider("SunPKCS11");
        if (provider == null) {
            throw new TokenUnusable("this Java has no PKCS#11: take one with the module jdk.crypto.cryptoki", null);
        }
        if (!Files.isRegularFile(library)) {
            throw unusable(library, slot, false, null);
        }
        String place = library.toAbsolutePath() + " " + slot;
        try {
            Provider empty = EMPTY.get(place);
            Provider token = empty == null ? provider.configure(configuration(library, slot)) : empty;
            if (token.getService("KeyStore", "PKCS11") == null) {
                EMPTY.put(place, token);
                throw unusable(library, slot, true, null);
            }
            EMPTY.remove(place);
            return token;
        } catch (ProviderException | InvalidParameterException e) {
            // The library does not find its device, or has no such slot now.
            throw unusable(library, slot, true, e);
        }
    }

    /** Once: a token counts how often its PIN was wrong. */
    private static void signIn(Provider token, char[] pin) throws LoginException {
        ((AuthProvider) token).login(null, callbacks -> {
            for (var callback : callbacks) {
                ((PasswordCallback) callback).setPassword(pin);
            }
        });
    }

    private static TokenUnusable unusable(Path library, int slot, boolean away, @Nullable Throwable cause) {
        return new TokenUnusable(
                "the PKCS#11 token in slot " + slot + " of " + library
                        + " can't be used: check the library, the slot and the PIN",
                away,
                cause);
    }

    private static String configuration(Path library, int slot) {
        // A name of its own: several tokens may be signed in to at once.
        String name = "Chancery-" + Long.toUnsignedString(RANDOM.nextLong(), 36);
        return "--name=" + name + "\nlibrary=" + library.toAbsolutePath() + "\nslotListIndex=" + slot + "\n"
                + ATTRIBUTES;
    }

    private static SecretKey key(KeyStore keys, String name, String algorithm, Provider token, boolean create)
            throws GeneralSecurityException {
        if (create && !keys.containsAlias(name)) {
            KeyGenerator generator = KeyGenerator.getInstance(algorithm, token);
            generator.init(KEY_BITS);
            keys.setKeyEntry(name, generator.generateKey(), null, null);
        }
        if (keys.getKey(name, null) instanceof SecretKey key) {
            if (key.getEncoded() != null) {
                throw new TokenUnusable("the token would give its key " + name + " away: make it sensitive", null);
            }
            return key;
        }
        throw new TokenUnusable("the token has no key " + name + ": have it made, or take the token that has it", null);
    }

    @Override
    public Ring ring() {
        return ring;
    }

    @Override
    public Ring installationRing() {
        return installationRing;
    }

    private static byte[] wrap(Provider token, SecretKey with, byte[] key, byte[] context) {
        byte[] iv = new byte[IV_BYTES];
        RANDOM.nextBytes(iv);
        byte[] wrapped = new byte[1 + IV_BYTES + key.length + TAG_BYTES];
        wrapped[0] = FORMAT;
        System.arraycopy(iv, 0, wrapped, 1, IV_BYTES);
        try {
            cipher(token, with, Cipher.ENCRYPT_MODE, iv, context).doFinal(key, 0, key.length, wrapped, 1 + IV_BYTES);
            return wrapped;
        } catch (GeneralSecurityException | ProviderException e) {
            throw new TokenUnusable("the PKCS#11 token does not wrap: is it there, and signed in to?", e);
        }
    }

    private static byte[] unwrap(Provider token, SecretKey with, byte[] wrapped, byte[] context) {
        if (wrapped.length < 1 + IV_BYTES + TAG_BYTES || wrapped[0] != FORMAT) {
            throw new SealBroken();
        }
        byte[] iv = Arrays.copyOfRange(wrapped, 1, 1 + IV_BYTES);
        try {
            return cipher(token, with, Cipher.DECRYPT_MODE, iv, context)
                    .doFinal(wrapped, 1 + IV_BYTES, wrapped.length - 1 - IV_BYTES);
        } catch (AEADBadTagException e) {
            throw new SealBroken();
        } catch (GeneralSecurityException | ProviderException e) {
            throw new TokenUnusable("the PKCS#11 token does not unwrap: is it there, and signed in to?", e);
        }
    }

    private static Cipher cipher(Provider token, SecretKey with, int mode, byte[] iv, byte[] context)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(CIPHER, token);
        cipher.init(mode, with, new GCMParameterSpec(8 * TAG_BYTES, iv));
        cipher.updateAAD(context);
        return cipher;
    }

    @Override
    public String derive(String purpose) {
        byte[] secret = new byte[0];
        try {
            Mac mac = Mac.getInstance(MAC, token);
            mac.init(deriving);
            secret = mac.doFinal(
                    Framing.labelled("chancery/secret/v1").text(purpose).toBytes());
            return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
        } catch (GeneralSecurityException | ProviderException e) {
            throw new TokenUnusable("the PKCS#11 token derives nothing: is it there, and signed in to?", e);
        } finally {
            Arrays.fill(secret, (byte) 0);
        }
    }

    @Override
    public String toString() {
        return "Pkcs11Sealer[hidden]";
    }
}
