package dev.chancery.boundary;

import java.util.Locale;
import java.util.Set;

/**
 * The names by which a request might claim to be somebody or somewhere else. They are refused wherever they stand: bodies, headers,
 * query parameters, cookies, gRPC metadata. Refused, not ignored: a client that sends one expects it to count.
 */
public final class ContextFields {
    private static final Set<String> NAMES = Set.of(
            "tenant",
            "tenantid",
            "org",
            "orgid",
            "organisation",
            "organisationid",
            "organization",
            "organizationid",
            "workspace",
            "activeworkspace",
            "actor",
            "actorid",
            "actingfor",
            "onbehalfof",
            "impersonate",
            "principal",
            "session",
            "sessionid",
            "user",
            "userid",
            "granter",
            "granterid");

    /** Every name as a matrix of tests sends it. */
    public static Set<String> names() {
        return NAMES;
    }

    private ContextFields() {}

    /**
     * Whether a name is one of context; case, {@code -}, {@code _}, a leading {@code x-} or {@code chancery-} and the {@code -bin} of
     * gRPC's binary metadata do not matter.
     */
    public static boolean isContext(String name) {
        String plain = name.toLowerCase(Locale.ROOT)
                .replace('_', '-')
                .replaceFirst("^(x-)?(chancery-)?", "")
                .replaceFirst("-bin$", "");
        return NAMES.contains(plain.replace("-", ""));
    }
}
