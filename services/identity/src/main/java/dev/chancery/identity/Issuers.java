package dev.chancery.identity;

import java.net.URI;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names of this instance. One that is reached by loopback only has several: clients compare the issuer that metadata name with the URL
 * that they asked, letter by letter, and {@code localhost} is what people type for 127.0.0.1.
 */
record Issuers(String configured) {
    private static final List<String> LOOPBACK = List.of("127.0.0.1", "localhost", "[::1]");

    /** The issuer as the metadata name it to whoever asked at this {@code Host}. */
    String at(@Nullable String host) {
        return all().stream()
                .filter(issuer -> URI.create(issuer).getRawAuthority().equals(host))
                .findFirst()
                .orElse(configured);
    }

    /** Whom a client assertion may be meant for: the issuer, or its token endpoint. */
    Set<String> audiences() {
        Set<String> audiences = new LinkedHashSet<>();
        for (String issuer : all()) {
            audiences.add(issuer);
            audiences.add(issuer + "/oauth/token");
        }
        return audiences;
    }

    private List<String> all() {
        URI uri = URI.create(configured);
        if (!LOOPBACK.contains(uri.getHost())) {
            return List.of(configured);
        }
        String rest = configured.substring(
                configured.indexOf(uri.getHost()) + uri.getHost().length());
        return LOOPBACK.stream()
                .map(host -> uri.getScheme() + "://" + host + rest)
                .toList();
    }
}
