package dev.chancery.firewall;

import java.util.Optional;

/**
 * Where a URL leads. Paths, queries and fragments are not looked at.
 *
 * @param port the URL's, or its scheme's default
 */
public record Target(Scheme scheme, Host host, int port) implements ParsedUrl {
    static final int MAX_URL = 65_536;
    private static final int MAX_PORT = 65_535;

    /**
     * Reads an absolute URL. Where the URL Standard repairs what it reads (backslashes, tabs, missing or additional slashes, blanks
     * around it) this refuses: another parser would find another host.
     */
    public static ParsedUrl parse(String url) {
        int colon = url.indexOf(':');
        if (url.length() > MAX_URL || colon <= 0 || !isScheme(url.substring(0, colon)) || hasControl(url)) {
            return new Refused(Reason.MALFORMED_URL);
        }
        Optional<Scheme> scheme = Scheme.of(url.substring(0, colon));
        if (scheme.isEmpty()) {
            return new Refused(Reason.SCHEME_NOT_ALLOWED);
        }
        if (!url.startsWith("//", colon + 1)) {
            return new Refused(Reason.MALFORMED_URL);
        }
        int end = colon + 3;
        while (end < url.length() && "/?#\\".indexOf(url.charAt(end)) < 0) {
            end++;
        }
        if (end < url.length() && url.charAt(end) == '\\') {
            return new Refused(Reason.MALFORMED_URL);
        }
        String authority = url.substring(colon + 3, end);
        return authority.indexOf('@') >= 0
                ? new Refused(Reason.CREDENTIALS_IN_URL)
                : parseAuthority(scheme.get(), authority);
    }

    private static ParsedUrl parseAuthority(Scheme scheme, String authority) {
        int colon = authority.indexOf(':', Math.max(0, authority.indexOf(']')));
        Optional<Host> host = Host.parse(colon < 0 ? authority : authority.substring(0, colon));
        int port = colon < 0 ? scheme.defaultPort() : port(authority.substring(colon + 1), scheme);
        return host.isEmpty() || port <= 0 ? new Refused(Reason.MALFORMED_URL) : new Target(scheme, host.get(), port);
    }

    /** 0 if it is none; an empty one is the scheme's. */
    static int port(String text, Scheme scheme) {
        if (text.isEmpty()) {
            return scheme.defaultPort();
        }
        if (text.length() > 5 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return 0;
        }
        int port = Integer.parseInt(text);
        return port <= MAX_PORT ? port : 0;
    }

    private static boolean isScheme(String text) {
        return text.chars()
                .allMatch(c -> c >= 'a' && c <= 'z'
                        || c >= 'A' && c <= 'Z'
                        || c >= '0' && c <= '9'
                        || c == '+'
                        || c == '-'
                        || c == '.');
    }

    /** Control characters and blanks at the ends are dropped by some parsers; U+FFFD stands for bytes that were no UTF-8. */
    private static boolean hasControl(String url) {
        return url.startsWith(" ")
                || url.endsWith(" ")
                || url.chars().anyMatch(c -> c < 0x20 || c == 0x7f || c == 0xfffd);
    }
}
