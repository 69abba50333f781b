package dev.chancery.identity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.chancery.boundary.http.StandardEndpoints;
import dev.chancery.command.RefusedException;
import jakarta.ws.rs.core.MediaType;
import java.net.URLDecoder;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The parameters of a request to an OAuth endpoint. */
record OAuthForm(Map<String, String> values) {
    /** @throws IllegalArgumentException with what is wrong, for the client */
    static OAuthForm read(byte[] body, @Nullable String mediaType) {
        Map<String, String> values;
        try {
            values = parsed(new String(body, UTF_8));
            StandardEndpoints.refuseContext(values.keySet());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("Send each parameter once, URL-encoded.", e);
        } catch (RefusedException e) {
            throw new IllegalArgumentException(e.refused().message(), e);
        }
        if (mediaType == null
                || !mediaType.toLowerCase(Locale.ROOT).startsWith(MediaType.APPLICATION_FORM_URLENCODED)) {
            throw new IllegalArgumentException("Send Content-Type: " + MediaType.APPLICATION_FORM_URLENCODED + ".");
        }
        return new OAuthForm(Map.copyOf(values));
    }

    /** A parameter; empty where it was not sent. */
    String get(String name) {
        return values.getOrDefault(name, "");
    }

    private static Map<String, String> parsed(String body) {
        Map<String, String> values = new HashMap<>();
        for (String pair : body.split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = URLDecoder.decode(equals < 0 ? pair : pair.substring(0, equals), UTF_8);
            String value = URLDecoder.decode(equals < 0 ? "" : pair.substring(equals + 1), UTF_8);
            if (values.put(name, value) != null) {
                throw new IllegalArgumentException("twice");
            }
        }
        return values;
    }
}
