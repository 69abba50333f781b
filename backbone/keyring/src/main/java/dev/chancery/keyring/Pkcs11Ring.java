package dev.chancery.keyring;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.ProviderException;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;

/**
 * A ring of a token: a key for each version, whose name ends with the version. A version that is destroyed is deleted from the
 * token.
 *
 * <p><b>Thread safety:</b> safe.
 */
final class Pkcs11Ring implements Sealer.Ring {
    private static final String VERSION = "([1-9][0-9]{0,8})";

    /** How often the token is asked where another process changes it meanwhile. */
    private static final int ATTEMPTS = 5;

    /** Makes, wraps and unwraps with a key of the token. */
    interface Token {
        SecretKey key(KeyStore keys, String name, boolean create) throws GeneralSecurityException;

        byte[] wrap(SecretKey with, byte[] key, byte[] context);

        byte[] unwrap(SecretKey with, byte[] wrapped, byte[] context);
    }

    private final KeyStore keys;
    private final String name;
    private final Token token;
    private volatile Optional<CopyEvidence> evidence = Optional.empty();
    private volatile String saidAs = "";
    private volatile SortedMap<Integer, SecretKey> wrapping = Collections.emptySortedMap();

    /**
     * @param name what the names of its keys begin with
     * @param create whether to make version 1 where the token has none
     */
    Pkcs11Ring(KeyStore keys, String name, Token token, boolean create) throws GeneralSecurityException, IOException {
        this.keys = keys;
        this.name = name;
        this.token = token;
        load(true);
        if (wrapping.isEmpty()) {
            token.key(keys, name + 1, create);
            load(true);
        }
    }

    private void load(boolean isListed) throws GeneralSecurityException, IOException {
        wrapping = listed(keys, isListed, this::found);
    }

    /** Reads of a token's keys. */
    interface Reading<T> {
        T of() throws GeneralSecurityException, IOException;
    }

    /**
     * Lists the token that somebody is signed in to, and reads. What another process destroys meanwhile is not there any more when the token
     * is listed again.
     *
     * @param isListed whether the first attempt can do without
     */
    static <T> T listed(KeyStore keys, boolean isListed, Reading<T> reading)
            throws GeneralSecurityException, IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                if (!isListed || attempt > 1) {
                    keys.load(null, null);
                }
                return reading.of();
            } catch (IOException | ProviderException | TokenUnusable e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private SortedMap<Integer, SecretKey> found() throws GeneralSecurityException {
        SortedMap<Integer, SecretKey> found = new TreeMap<>();
        Pattern versioned = Pattern.compile(Pattern.quote(name) + VERSION);
        for (String alias : Collections.list(keys.aliases())) {
            Matcher version = versioned.matcher(alias);
            if (version.matches()) {
                found.put(Integer.parseInt(version.group(1)), token.key(keys, alias, false));
            }
        }
        return found;
    }

    @Override
    public int newest() {
        return wrapping.lastKey();
    }

    @Override
    public SortedSet<Integer> versions() {
        return new TreeSet<>(wrapping.keySet());
    }

    @Override
    public byte[] wrap(int version, byte[] key, byte[] context) {
        return with(version, known -> token.wrap(known, key, context));
    }

    @Override
    public byte[] unwrap(int version, byte[] wrapped, byte[] context) {
        return with(version, known -> token.unwrap(known, wrapped, context));
    }

    /** What a token says of a key that another process has destroyed is no more than that it can't be used. */
    private byte[] with(int version, Function<SecretKey, byte[]> work) {
        SecretKey known = key(version);
        try {
            return work.apply(known);
        } catch (TokenUnusable e) {
            refresh();
            var _ = key(version);
            throw e;
        }
    }

    private SecretKey key(int version) {
        SecretKey known = wrapping.get(version);
        if (known == null) {
            refresh();
            known = wrapping.get(version);
        }
        if (known != null) {
            return known;
        }
        throw version < newest() ? new KeyDestroyed() : new KeyMissing();
    }

    @Override
    public synchronized void refresh() {
        used(() -> load(false));
    }

    @Override
    public synchronized void add(int version) {
        refresh();
        if (newest() < version) {
            used(() -> {
                token.key(keys, name + version, true);
                load(true);
            });
        }
    }

    @Override
    public synchronized void destroyBefore(int version) {
        refresh();
        if (newest() < version) {
            throw new IllegalArgumentException("nothing would be left");
        }
        for (int older : wrapping.headMap(version).keySet()) {
            used(() -> {
                keys.deleteEntry(name + older);
                load(true);
            });
        }
    }

    /** @param before what stands before a version in it */
    void copiesAreSaidIn(CopyEvidence file, String before) {
        evidence = Optional.of(file);
        saidAs = before;
    }

    /** A token doesn't say before it is tried. */
    @Override
    public Optional<String> unchangeable() {
        return Optional.empty();
    }

    /** The token is copied by its maker's means: the evidence names the newest version. */
    @Override
    public Optional<String> uncopied() {
        String copied = saidAs + newest();
        return newest() == 1 || evidence.filter(file -> file.names(copied)).isPresent()
                ? Optional.empty()
                : Optional.of("the token has a newer ring key and is not said to be backed up: back it up, and write "
                        + copied + " to the file beside the PIN's whose name ends with " + CopyEvidence.SUFFIX);
    }

    private interface Use {
        void of() throws GeneralSecurityException, IOException;
    }

    private static void used(Use use) {
        try {
            use.of();
        } catch (GeneralSecurityException | IOException | ProviderException e) {
            throw new TokenUnusable("the PKCS#11 token's ring can't be used: is it there, and signed in to?", e);
        }
    }
}
