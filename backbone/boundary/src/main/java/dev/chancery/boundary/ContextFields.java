package dev.chancery.boundary;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.RefusedException;
import java.util.Collection;
import java.util.Locale;
import java.util.Set;

/**
 * The names by which a request might claim to be somebody or somewhere else. They are refused where we could be thought to take them:
 * among the fields of a body, the parameters of a query, and the headers that bear our name. Refused, not ignored: a client that sends
 * one expects it to count.
 *
 * <p>What everybody's proxies and browsers send, other headers and all cookies, is never read, and refused nowhere: ADR 24.
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

    /** The headers of our own that a request may have; answers have another. */
    private static final Set<String> OUR_HEADERS =
            Set.of("chancery-position", "chancery-request", "chancery-challenge");

    private static final int MAX_NAME_CHARS = 64;

    /** Every name as a matrix of tests sends it. */
    public static Set<String> names() {
        return NAMES;
    }

    private ContextFields() {}

    /**
     * Whether the name of a field or parameter is one of context; case, {@code -}, {@code _}, a leading {@code x-} or {@code chancery-}
     * do not matter.
     */
    public static boolean isContext(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replace('_', '-').replaceFirst("^(x-)?(chancery-)?", "");
        return NAMES.contains(plain.replace("-", ""));
    }

    /** Whether a header or gRPC metadata key bears our name without being one of ours: {@code Chancery-Tenant}, say. */
    public static boolean isContextHeader(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replace('_', '-');
        return !OUR_HEADERS.contains(plain) && (plain.startsWith("chancery-") || plain.startsWith("x-chancery-"));
    }

    /** Refuses headers, or gRPC metadata, that bear our name without being ours. */
    public static void refuseHeaders(Collection<String> names) throws RefusedException {
        for (String name : names) {
            if (isContextHeader(name)) {
                throw refusal("header", name);
            }
        }
    }

    /** Refuses parameters of a query or form that name a context. */
    public static void refuseParameters(Collection<String> names) throws RefusedException {
        for (String name : names) {
            if (isContext(name)) {
                throw refusal("parameter", name);
            }
        }
    }

    private static RefusedException refusal(String what, String name) {
        return new RefusedException(
                BoundaryRejection.CONTEXT_FIELD,
                "The " + what + " " + name.substring(0, Math.min(name.length(), MAX_NAME_CHARS))
                        + " would say who calls or where.");
    }
}
