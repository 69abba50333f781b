package dev.chancery.boundary.tokens;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReaderFactory;
import jakarta.json.JsonString;
import java.io.StringReader;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * A signed JWT in its compact form (RFC 7515), split and decoded. Nothing of it is verified: it says which key has to verify it, and
 * {@link JwtVerifier} does.
 *
 * <p>Each part has to be base64url exactly as an encoder writes it. Decoders take other spellings for the same bytes, and whoever counts
 * or remembers tokens by their text would take those for other tokens.
 */
public record Jwt(String text, JsonObject header, JsonObject claims) {
    /** A JWT at most; with private_key_jwt a client may send several kilobytes of claims. */
    public static final int MAX_CHARS = 8_192;

    private static final JsonReaderFactory JSON = Json.createReaderFactory(Map.of());

    /** Empty for what is no JWT. */
    public static Optional<Jwt> read(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 3 || text.length() > MAX_CHARS) {
            return Optional.empty();
        }
        try {
            decoded(parts[2]);
            return Optional.of(new Jwt(text, object(decoded(parts[0])), object(decoded(parts[1]))));
        } catch (IllegalArgumentException | JsonException e) {
            return Optional.empty();
        }
    }

    /** A header that is a text. */
    public Optional<String> header(String name) {
        return text(header, name);
    }

    /** A claim that is a text. */
    public Optional<String> claim(String name) {
        return text(claims, name);
    }

    private static Optional<String> text(JsonObject object, String name) {
        return object.get(name) instanceof JsonString text ? Optional.of(text.getString()) : Optional.empty();
    }

    private static JsonObject object(byte[] json) {
        try (var reader = JSON.createReader(new StringReader(new String(json, UTF_8)))) {
            return reader.readObject();
        }
    }

    private static byte[] decoded(String part) {
        byte[] bytes = Base64.getUrlDecoder().decode(part);
        if (!Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(part)) {
            throw new IllegalArgumentException("another spelling of the same bytes");
        }
        return bytes;
    }
}
