package dev.chancery.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.keyring.Keyring;
import dev.chancery.log.Claims;
import dev.chancery.log.Digest;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.net.IDN;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The names by which a principal is found beside its id: an e-mail address and an external name, each at most one principal's in its
 * organisation. What is kept of them is a keyed hash.
 */
public final class PrincipalNames {
    /** The kind of claim that holds an e-mail address, in the spelling of {@link #address}. */
    public static final String EMAIL = "email";

    /** The kind of claim that holds what another system calls a principal, exactly as it does. */
    public static final String EXTERNAL_NAME = "external-name";

    private static final Pattern INVISIBLE = Pattern.compile("[\\p{Cf}\\p{Z}]");

    private final Claims claims;
    private final Keyring keyring;

    public PrincipalNames(Claims claims, Keyring keyring) {
        this.claims = claims;
        this.keyring = keyring;
    }

    /** The principal with this external name, or this e-mail address; empty when there is none. */
    public Optional<String> find(String tenant, String name) {
        return holder(tenant, EXTERNAL_NAME, name)
                .or(() -> name.contains("@") ? holder(tenant, EMAIL, address(name)) : Optional.empty());
    }

    private Optional<String> holder(String tenant, String kind, String name) {
        var hash = new Digest(keyring.keyedHash(tenant, kind, name.getBytes(UTF_8)));
        return claims.holder(tenant, kind, hash)
                .map(stream -> stream.value().substring(stream.value().lastIndexOf('/') + 1));
    }

    /**
     * One spelling of an e-mail address, however it was spelt: letters that only look apart count as one, what can't be seen doesn't
     * count, and a domain is in its ASCII form (RFC 5890) without the root's dot.
     */
    public static String address(String email) {
        String plain = INVISIBLE
                .matcher(Normalizer.normalize(email, Normalizer.Form.NFKC))
                .replaceAll("")
                .toLowerCase(Locale.ROOT);
        int at = plain.lastIndexOf('@');
        return plain.substring(0, at + 1) + domain(plain.substring(at + 1));
    }

    private static String domain(String name) {
        String ascii;
        try {
            ascii = IDN.toASCII(name, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            // No domain that mail goes to; still one name.
            ascii = name;
        }
        return ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
    }

    /** A principal's type as callers write it. */
    public static String type(PrincipalType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }
}
