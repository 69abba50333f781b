package dev.chancery.keyring;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How a transit engine of OpenBao or HashiCorp Vault is reached, and which of its keys are a sealer's.
 *
 * @param address the server, {@code https://host:port} and nothing behind it; {@code http} reveals keys to whoever is on the way
 * @param mount where the engine is enabled, e.g. {@code transit}
 * @param namespace sent as {@code X-Vault-Namespace}; empty: not sent
 * @param tokenFile read for each request, so that whoever renews the token writes the file and nothing else; 1 to 4,096 bytes, readable by
 *     its owner alone, or, where it is another user's (a mounted secret), by its group too
 * @param authorities PEM file with the certificates that the server's is checked against; empty: the Java runtime's
 * @param timeout for each request, the answer included
 * @param keys what the names of the engine's keys begin with, e.g. {@code chancery} for {@code chancery-wrap}
 */
public record TransitAccess(
        URI address,
        String mount,
        Optional<String> namespace,
        Path tokenFile,
        Optional<Path> authorities,
        Duration timeout,
        String keys) {
    private static final Pattern PATH = Pattern.compile("[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,7}");
    private static final Pattern KEYS = Pattern.compile("[a-z0-9-]{1,64}");

    /** @throws TransitUnusable if a component has not its shape */
    public TransitAccess {
        boolean isOrigin = address.getHost() != null
                && ("https".equals(address.getScheme()) || "http".equals(address.getScheme()))
                && address.getRawUserInfo() == null
                && address.getRawQuery() == null
                && address.getRawFragment() == null
                && (address.getRawPath().isEmpty() || address.getRawPath().equals("/"));
        if (!isOrigin) {
            throw new TransitUnusable("a transit engine's address is https://host:port, without a path");
        }
        if (!PATH.matcher(mount).matches()
                || !namespace.map(name -> PATH.matcher(name).matches()).orElse(true)) {
            throw new TransitUnusable("a transit engine's mount and namespace are names, joined by slashes");
        }
        if (!KEYS.matcher(keys).matches()) {
            throw new TransitUnusable(
                    "what the names of a transit engine's keys begin with is 1 to 64 small letters, digits and hyphens");
        }
        if (timeout.isNegative() || timeout.isZero()) {
            throw new TransitUnusable("a transit engine's timeout is longer than nothing");
        }
    }

    /** The engine's own paths begin with it. */
    URI path(String ofEngine) {
        return address.resolve("/v1/" + mount + "/" + ofEngine);
    }
}
