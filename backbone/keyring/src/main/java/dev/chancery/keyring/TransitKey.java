package dev.chancery.keyring;

import static java.nio.charset.StandardCharsets.US_ASCII;

import jakarta.json.Json;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import java.util.Base64;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A named key of a transit engine, of the type {@value #TYPE}, and what is done with it. What it wraps is kept as the engine writes it, in
 * ASCII, so that an operator can open it without Chancery:
 *
 * <pre>
 *   wrapped = "vault:v" ‖ version ‖ ":" ‖ base64(nonce, 12 bytes ‖ AES-256-GCM(key, nonce, associated data = context) with its 16-byte tag)
 * </pre>
 *
 * <p><b>Thread safety:</b> safe; it holds nothing.
 */
final class TransitKey {
    static final String TYPE = "aes256-gcm96";

    /** In place of a version: the newest. */
    static final int NEWEST = 0;

    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;
    private static final int HMAC_BYTES = 32;
    private static final Pattern VERSIONED = Pattern.compile("vault:v([1-9][0-9]{0,8}):([A-Za-z0-9+/]+={0,2})");
    private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,8}");

    private final TransitEngine engine;
    private final String name;

    TransitKey(TransitEngine engine, String name) {
        this.engine = engine;
        this.name = name;
    }

    /**
     * The key's versions, as the engine told.
     *
     * @param usable those that open what they wrapped; never empty
     * @param oldest the oldest that the engine has; those before it are destroyed
     * @param minDecryption the oldest that the engine lets open
     * @param minEncryption the oldest that the engine lets wrap; 0: any
     */
    record Versions(SortedSet<Integer> usable, int oldest, int minDecryption, int minEncryption) {
        int newest() {
            return usable.last();
        }
    }

    /** A version, and the bytes behind it. */
    @SuppressWarnings("ArrayRecordComponent") // parsed, used, dropped; never compared
    private record Versioned(int version, byte[] bytes) {
        /** Empty: it is none, or is not written as the engine writes it. */
        static Optional<Versioned> parse(String text) {
            Matcher parts = VERSIONED.matcher(text);
            if (!parts.matches()) {
                return Optional.empty();
            }
            try {
                byte[] bytes = Base64.getDecoder().decode(parts.group(2));
                // Of the spellings of the same bytes there is one.
                return base64(bytes).equals(parts.group(2))
                        ? Optional.of(new Versioned(Integer.parseInt(parts.group(1)), bytes))
                        : Optional.empty();
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }
    }

    /** Makes the key; there already: nothing. */
    void create() {
        done(engine.post(
                "keys/" + name, Json.createObjectBuilder().add("type", TYPE).build()));
    }

    /** @throws TransitUnusable if there is no such key, or one that is of another type or that the engine would give away */
    Versions versions() {
        JsonObject key = done(engine.get("keys/" + name));
        if (!TYPE.equals(text(key, "type")) || key.getBoolean("derived", true)) {
            throw unusable("is not of the type " + TYPE + " without derivation: take another, or have it made");
        }
        if (key.getBoolean("exportable", true) || key.getBoolean("allow_plaintext_backup", true)) {
            throw unusable("would be given away by the engine: take one that is not exportable and has no plaintext"
                    + " backup");
        }
        if (key.getBoolean("soft_deleted", false)) {
            throw unusable("is deleted, softly: restore it");
        }
        SortedSet<Integer> usable = new TreeSet<>();
        if (key.get("keys") instanceof JsonObject keys) {
            keys.keySet().stream()
                    .filter(version -> VERSION.matcher(version).matches())
                    .map(Integer::parseInt)
                    .forEach(usable::add);
        }
        if (usable.isEmpty()) {
            throw engine.strange();
        }
        return new Versions(
                usable,
                // 0 before the first trim; the documentation's sample has it not.
                Math.max(1, number(key, "min_available_version")),
                number(key, "min_decryption_version"),
                number(key, "min_encryption_version"));
    }

    /**
     * Wraps by a version.
     *
     * @param version or {@link #NEWEST}
     * @return empty: the engine won't, with this version
     */
    Optional<byte[]> wrap(int version, byte[] key, byte[] context) {
        JsonObjectBuilder body = Json.createObjectBuilder()
                .add("plaintext", base64(key))
                .add("associated_data", base64(context))
                .add("key_version", version);
        return switch (engine.post("encrypt/" + name, body.build())) {
            case TransitEngine.Reply.Done(JsonObject data) -> {
                String wrapped = text(data, "ciphertext");
                boolean fits = Versioned.parse(wrapped)
                        .filter(parts -> (version == NEWEST || parts.version() == version)
                                && parts.bytes().length == NONCE_BYTES + key.length + TAG_BYTES)
                        .isPresent();
                if (!fits) {
                    throw engine.strange();
                }
                yield Optional.of(wrapped.getBytes(US_ASCII));
            }
            case TransitEngine.Reply.Invalid() -> Optional.empty();
            case TransitEngine.Reply.Missing() -> throw missing();
        };
    }

    /** The version that wrapped it; empty: it was not wrapped here, or was altered. */
    static Optional<Integer> versionOf(byte[] wrapped) {
        return Versioned.parse(new String(wrapped, US_ASCII))
                .filter(parts -> parts.bytes().length >= NONCE_BYTES + TAG_BYTES)
                .map(Versioned::version);
    }

    /**
     * Unwraps what {@link #versionOf} tells the version of.
     *
     * @return empty: the engine won't, since it doesn't fit, or since the version is not to be used
     */
    Optional<byte[]> unwrap(byte[] wrapped, byte[] context) {
        String text = new String(wrapped, US_ASCII);
        JsonObjectBuilder body =
                Json.createObjectBuilder().add("ciphertext", text).add("associated_data", base64(context));
        return switch (engine.post("decrypt/" + name, body.build())) {
            case TransitEngine.Reply.Done(JsonObject data) -> {
                byte[] key = bytes(data, "plaintext");
                int sealed = Versioned.parse(text).orElseThrow(SealBroken::new).bytes().length;
                if (key.length != sealed - NONCE_BYTES - TAG_BYTES) {
                    throw engine.strange();
                }
                yield Optional.of(key);
            }
            case TransitEngine.Reply.Invalid() -> Optional.empty();
            case TransitEngine.Reply.Missing() -> throw missing();
        };
    }

    /** HMAC-SHA-256 by the HMAC key of version 1, which a rotation doesn't change; 32 bytes. */
    byte[] hmac(byte[] input) {
        JsonObjectBuilder body = Json.createObjectBuilder()
                .add("input", base64(input))
                .add("algorithm", "sha2-256")
                .add("key_version", 1);
        return Versioned.parse(text(done(engine.post("hmac/" + name, body.build())), "hmac"))
                .filter(parts -> parts.version() == 1 && parts.bytes().length == HMAC_BYTES)
                .map(Versioned::bytes)
                .orElseThrow(engine::strange);
    }

    /** Makes the next version. */
    void rotate() {
        done(engine.post("keys/" + name + "/rotate", Json.createObjectBuilder().build()));
    }

    /** Destroys the versions before this one: first the engine lets nobody use them, then it deletes them. */
    void trim(int version, Versions now) {
        done(engine.post(
                "keys/" + name + "/config",
                Json.createObjectBuilder()
                        .add("min_decryption_version", Math.max(version, now.minDecryption()))
                        .add("min_encryption_version", Math.max(version, now.minEncryption()))
                        .build()));
        done(engine.post(
                "keys/" + name + "/trim",
                Json.createObjectBuilder().add("min_available_version", version).build()));
    }

    /** @param why what is wrong with the key, and what to do */
    TransitUnusable unusable(String why) {
        return new TransitUnusable("the key " + name + " of " + engine + " " + why);
    }

    private JsonObject done(TransitEngine.Reply reply) {
        return switch (reply) {
            case TransitEngine.Reply.Done(JsonObject data) -> data;
            case TransitEngine.Reply.Invalid() ->
                throw unusable("is not used as asked: see the server's log, and have nobody else change the key");
            case TransitEngine.Reply.Missing() -> throw missing();
        };
    }

    private TransitUnusable missing() {
        return unusable("is not there: have it made, or check mount, namespace and the token's policy");
    }

    private byte[] bytes(JsonObject data, String member) {
        try {
            return Base64.getDecoder().decode(text(data, member));
        } catch (IllegalArgumentException e) {
            throw engine.strange();
        }
    }

    private String text(JsonObject data, String member) {
        if (data.get(member) instanceof JsonString text) {
            return text.getString();
        }
        throw engine.strange();
    }

    private int number(JsonObject data, String member) {
        return switch (data.get(member)) {
            case null -> 0;
            case JsonNumber number
            when number.isIntegral() && number.longValue() >= 0 ->
                Math.toIntExact(Math.min(number.longValue(), Integer.MAX_VALUE));
            default -> throw engine.strange();
        };
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
