package dev.chancery.client;

import java.net.URI;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Where an answer sends a request (RFC 9110, section 15.4). Whether that may be reached is for whoever follows it to ask.
 *
 * @param to http or https, with a host
 * @param becomesGet the request goes on as a GET, without its body
 */
record Redirection(URI from, URI to, boolean becomesGet) {
    /** Redirects of one request that are followed. */
    static final int MAX = 5;

    private static final Set<Integer> STATUSES = Set.of(301, 302, 303, 307, 308);

    /** What goes along to another origin. Any other header may be a credential: keys of APIs have no common name. */
    private static final Set<String> CARRIED = Set.of(
            "accept", "accept-encoding", "accept-language", "content-language", "content-type", "range", "user-agent");

    /** @return empty: the answer sends it nowhere that can be read */
    static Optional<Redirection> of(URI from, String method, int status, Optional<String> location) {
        if (!STATUSES.contains(status) || location.isEmpty()) {
            return Optional.empty();
        }
        URI to;
        try {
            to = from.resolve(location.get());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        boolean becomesGet = status == 303 && !method.equals("HEAD") || status <= 302 && method.equals("POST");
        return to.getHost() != null && (isHttps(to) || "http".equalsIgnoreCase(to.getScheme()))
                ? Optional.of(new Redirection(from, to, becomesGet))
                : Optional.empty();
    }

    /** What was sent through TLS would be sent in clear. */
    boolean leavesTls() {
        return isHttps(from) && !isHttps(to);
    }

    /** Whether a request's header goes along. */
    boolean carries(String header) {
        return origin(from).equals(origin(to)) || CARRIED.contains(header.toLowerCase(Locale.ROOT));
    }

    private static boolean isHttps(URI uri) {
        return "https".equalsIgnoreCase(uri.getScheme());
    }

    private static String origin(URI uri) {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
        return scheme + "://" + String.valueOf(uri.getHost()).toLowerCase(Locale.ROOT) + ":" + port;
    }
}
