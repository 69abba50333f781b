package dev.chancery.firewall;

import java.util.Locale;
import java.util.Optional;

/** The schemes that the firewall lets out, with their default ports. */
public enum Scheme {
    HTTP(80),
    HTTPS(443),
    WS(80),
    WSS(443);

    private final int defaultPort;

    Scheme(int defaultPort) {
        this.defaultPort = defaultPort;
    }

    public int defaultPort() {
        return defaultPort;
    }

    /** The scheme of that name, in any case. */
    static Optional<Scheme> of(String name) {
        for (Scheme scheme : values()) {
            if (scheme.text().equals(name.toLowerCase(Locale.ROOT))) {
                return Optional.of(scheme);
            }
        }
        return Optional.empty();
    }

    String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
