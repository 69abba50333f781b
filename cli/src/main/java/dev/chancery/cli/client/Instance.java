package dev.chancery.cli.client;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where an instance is to be found.
 *
 * @param http its base URL, without a slash at the end: also its issuer
 * @param grpc host and port
 * @param claimFile the one-time owner claim, until it is used
 */
public record Instance(String http, String grpc, Optional<Path> claimFile) {

    /** The one at a base URL; gRPC shares the port. */
    public static Instance at(String url) {
        String base = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        URI uri;
        try {
            uri = URI.create(base);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("not a URL: " + url, e);
        }
        if (uri.getHost() == null
                || !"http".equals(uri.getScheme())
                || !uri.getPath().isEmpty()) {
            throw new IllegalArgumentException("not a base URL like http://127.0.0.1:8080: " + url);
        }
        int port = uri.getPort() < 0 ? 80 : uri.getPort();
        return new Instance(base, uri.getHost() + ":" + port, Optional.empty());
    }

    /** The one that runs on a data directory, from its {@code run.json}. */
    public static Instance on(Path data) throws IOException {
        Path file = data.resolve("run.json");
        try {
            return parse(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new IOException(
                    "no instance runs on " + data + " (it has no run.json); start one with" + " ./chancery up --data "
                            + data + ", or name one with --server URL",
                    e);
        } catch (IllegalArgumentException e) {
            throw new IOException(file + " can't be read; name the instance with --server URL", e);
        }
    }

    /** From the JSON that READY announces. */
    public static Instance parse(String json) {
        Map<String, Object> members = Json.object(json);
        Instance at = at(Json.text(members, "http"));
        String grpc = Json.text(members, "grpc");
        String claim = Json.text(members, "claimFile");
        return new Instance(
                at.http(),
                grpc.isEmpty() ? at.grpc() : grpc,
                claim.isEmpty() ? Optional.empty() : Optional.of(Path.of(claim)));
    }
}
