package dev.chancery.firewall;

import com.google.common.net.InternetDomainName;
import java.util.Optional;

/**
 * A host, or the hosts below one, with the schemes and the port that go with it: {@code [scheme://][*.|**.]host[:port]}.
 *
 * <ul>
 *   <li>{@code example.com} is that host and nothing below it; {@code *.example.com} every host one label below it;
 *       {@code **.example.com} every host at any depth below it. The host itself is named in a pattern of its own.
 *   <li>Without a scheme all of http, https, ws and wss are meant; without a port each scheme's own.
 *   <li>There are no paths: a redirect would leave them.
 * </ul>
 *
 * @param text as it was written
 */
public record HostPattern(String text, Optional<Scheme> scheme, Depth depth, String host, Optional<Integer> port) {
    /** Which hosts a pattern means. */
    public enum Depth {
        EXACT,
        ONE_LABEL,
        ANY
    }

    /**
     * A pattern that allows. It names no public suffix ({@code com}, {@code co.uk}, {@code github.io}), since strangers register
     * below those, and no address that is forbidden anyway.
     *
     * @throws PatternRefused with the reason
     */
    public static HostPattern allow(String text, AddressRanges forbidden) {
        HostPattern pattern = deny(text);
        Optional<Host> host = Host.parse(pattern.host);
        if (host.isPresent() && host.get() instanceof Host.Address literal) {
            forbidden.containing(literal.address()).ifPresent(range -> {
                throw new PatternRefused(text, "is an address that is never allowed (" + range + ")");
            });
        } else if (pattern.host.indexOf('.') < 0 || isPublicSuffix(pattern.host)) {
            throw new PatternRefused(
                    text,
                    "names a public suffix, below which anybody can register; name the host or a domain below it");
        }
        return pattern;
    }

    /**
     * A pattern that denies: a public suffix may be denied, too.
     *
     * @throws PatternRefused with the reason
     */
    public static HostPattern deny(String text) {
        String rest = text;
        Optional<Scheme> scheme = Optional.empty();
        int slashes = rest.indexOf("://");
        if (slashes >= 0) {
            scheme = Scheme.of(rest.substring(0, slashes));
            if (scheme.isEmpty()) {
                throw new PatternRefused(text, "has a scheme other than http, https, ws and wss");
            }
            rest = rest.substring(slashes + 3);
        }
        if (rest.indexOf('/') >= 0 || rest.indexOf('?') >= 0 || rest.indexOf('#') >= 0) {
            throw new PatternRefused(text, "has a path; a pattern is a host, with a scheme and a port at most");
        }
        Depth depth = rest.startsWith("**.") ? Depth.ANY : rest.startsWith("*.") ? Depth.ONE_LABEL : Depth.EXACT;
        rest = rest.substring(
                switch (depth) {
                    case ANY -> 3;
                    case ONE_LABEL -> 2;
                    case EXACT -> 0;
                });
        int colon = rest.indexOf(':', Math.max(0, rest.indexOf(']')));
        Optional<Integer> port = Optional.empty();
        if (colon >= 0) {
            int number = colon == rest.length() - 1 ? 0 : Target.port(rest.substring(colon + 1), Scheme.HTTPS);
            if (number == 0) {
                throw new PatternRefused(text, "has a port that is no number from 1 to 65535");
            }
            port = Optional.of(number);
            rest = rest.substring(0, colon);
        }
        return new HostPattern(text, scheme, depth, host(text, rest, depth), port);
    }

    /** The one spelling of all that mean the same: the host in ASCII, in lower case and without a dot at its end. */
    public String canonical() {
        String wildcard =
                switch (depth) {
                    case EXACT -> "";
                    case ONE_LABEL -> "*.";
                    case ANY -> "**.";
                };
        return scheme.map(given -> given.text() + "://").orElse("")
                + wildcard
                + host
                + port.map(given -> ":" + given).orElse("");
    }

    private static String host(String text, String rest, Depth depth) {
        if (rest.indexOf('*') >= 0) {
            throw new PatternRefused(text, "has a * elsewhere than at its beginning, as *. or **.");
        }
        Host host = Host.parse(rest).orElseThrow(() -> new PatternRefused(text, "holds no host"));
        if (host instanceof Host.Name name) {
            return name.canonical();
        }
        if (depth != Depth.EXACT) {
            throw new PatternRefused(text, "has a wildcard before an address");
        }
        return host.text();
    }

    private static boolean isPublicSuffix(String host) {
        return InternetDomainName.isValid(host) && InternetDomainName.from(host).isPublicSuffix();
    }

    /** Whether scheme and port go with it; the host is compared by {@link PatternSet}. */
    boolean coversPort(Target target) {
        return (scheme.isEmpty() || scheme.get() == target.scheme())
                && port.orElse(target.scheme().defaultPort()) == target.port();
    }
}
