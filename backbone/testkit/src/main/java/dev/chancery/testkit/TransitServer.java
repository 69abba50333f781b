package dev.chancery.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.PemKeyCertOptions;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A transit engine as https://openbao.org/api-docs/secret/transit/ documents it, with real AES-GCM and HMAC and over real TLS. It is no
 * OpenBao: where the documentation is silent (texts of errors, members beyond its samples) it does what OpenBao's source does, as far as it
 * was read.
 */
public final class TransitServer implements AutoCloseable {
    private static final Vertx VERTX = Vertx.vertx();
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int GIVEN_SECONDS = 1_442_851_412;

    /** A named key. */
    private static final class Key {
        String type = "aes256-gcm96";
        boolean exportable;
        int minAvailable;
        int minDecryption = 1;
        int minEncryption;
        final SortedMap<Integer, byte[]> encryption = new TreeMap<>();
        final SortedMap<Integer, byte[]> hmac = new TreeMap<>();

        void rotate() {
            int next = encryption.isEmpty() ? 1 : encryption.lastKey() + 1;
            encryption.put(next, random(32));
            hmac.put(next, random(32));
        }

        Key copy() {
            var copy = new Key();
            copy.minAvailable = minAvailable;
            copy.minDecryption = minDecryption;
            copy.minEncryption = minEncryption;
            copy.encryption.putAll(encryption);
            copy.hmac.putAll(hmac);
            return copy;
        }
    }

    /** What came. */
    public record Asked(String method, String path, Map<String, List<String>> headers, JsonObject body) {}

    /** An answer; the body as it goes out. */
    public record Answer(int status, String body) {}

    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;
        final int status;

        Refused(int status, String error) {
            super(error);
            this.status = status;
        }
    }

    private final Path directory;
    private final TestAuthority authority;
    private final TestAuthority.Issued issued;
    private final Map<String, Key> keys = new HashMap<>();
    private final List<Asked> asked = new CopyOnWriteArrayList<>();
    private final int port;
    private HttpServer server;

    /** Changes each answer on its way out. */
    public volatile UnaryOperator<Answer> onTheWay = UnaryOperator.identity();

    /** Whether it is sealed, in its own sense of the word. */
    public volatile boolean sealed;

    /** As engines are that know no associated data. */
    public volatile boolean ignoresAssociatedData;

    /** Where the engine is; a request elsewhere is refused. */
    public volatile Optional<String> namespace = Optional.empty();

    private volatile String token = "";

    /** @param directory of its own, for certificates and the token */
    public TransitServer(Path directory) {
        this.directory = directory;
        this.authority = new TestAuthority(directory.resolve("transit-authority"));
        this.issued = authority.issue("transit");
        this.server = listening(0);
        this.port = server.actualPort();
        newToken();
    }

    private static String randomToken() {
        return "s." + HexFormat.of().formatHex(random(12));
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return random;
    }

    private HttpServer listening(int at) {
        var certificate = new PemKeyCertOptions()
                .setCertPath(issued.certificate().toString())
                .setKeyPath(issued.key().toString());
        return VERTX.createHttpServer(new HttpServerOptions().setSsl(true).setKeyCertOptions(certificate))
                .requestHandler(this::handle)
                .listen(at, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    /** The file with the token that it takes, readable by its owner alone. */
    public Path tokenFile() {
        return directory.resolve("token");
    }

    /** PEM file with the certificate that the server's own is signed by. */
    public Path authorities() {
        return authority.certificate();
    }

    /** On this machine, at a port that stays the same. */
    public URI address() {
        return URI.create("https://localhost:" + port);
    }

    /** Revokes the token, and writes a new one to the file. */
    public void newToken() {
        token = randomToken();
        try {
            Files.deleteIfExists(tokenFile());
            Files.createFile(
                    tokenFile(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(tokenFile(), token + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The file keeps the one that is refused from now on. */
    public void revokeToken() {
        token = randomToken();
    }

    /** What was asked, in order. */
    public List<Asked> asked() {
        return asked;
    }

    public void stop() {
        server.close().toCompletionStage().toCompletableFuture().join();
    }

    public void start() {
        server = listening(port);
    }

    /** As a snapshot of its storage that is restored elsewhere. */
    public synchronized TransitServer copy(Path into) {
        var copy = new TransitServer(into);
        keys.forEach((name, key) -> copy.keys.put(name, key.copy()));
        return copy;
    }

    /** How many versions a key has. */
    public synchronized int versions(String name) {
        return there(name).encryption.size();
    }

    public synchronized void makeExportable(String name) {
        there(name).exportable = true;
    }

    public synchronized void makeOfType(String name, String type) {
        there(name).type = type;
    }

    private Key there(String name) {
        return Objects.requireNonNull(keys.get(name), name);
    }

    @Override
    public void close() {
        stop();
    }

    private void handle(HttpServerRequest request) {
        request.body()
                .compose(body -> VERTX.executeBlocking(() -> answered(request, body.toString(UTF_8)), false))
                .onSuccess(answer -> request.response()
                        .setStatusCode(answer.status())
                        .putHeader("Content-Type", "application/json")
                        .end(answer.body()))
                .onFailure(cause -> request.connection().close());
    }

    private Answer answered(HttpServerRequest request, String text) {
        JsonObject body = text.isEmpty()
                ? JsonObject.EMPTY_JSON_OBJECT
                : Json.createReader(new java.io.StringReader(text)).readObject();
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        request.headers()
                .names()
                .forEach(name -> headers.put(name, request.headers().getAll(name)));
        asked.add(new Asked(request.method().name(), request.path(), headers, body));
        return onTheWay.apply(answer(request, request.path(), body));
    }

    private synchronized Answer answer(HttpServerRequest request, String path, JsonObject body) {
        try {
            if (sealed) {
                throw new Refused(503, "Vault is sealed");
            }
            Optional<String> inNamespace = Optional.ofNullable(request.getHeader("X-Vault-Namespace"));
            if (!token.equals(request.getHeader("X-Vault-Token")) || !namespace.equals(inNamespace)) {
                throw new Refused(403, "permission denied");
            }
            if (!path.startsWith("/v1/transit/")) {
                throw new Refused(404, "no handler for route");
            }
            String[] parts = path.substring("/v1/transit/".length()).split("/", -1);
            JsonObject data = perform(request.method().name(), parts, body);
            return new Answer(
                    200,
                    Json.createObjectBuilder()
                            .add("request_id", "f1a2cf8c-6fd1-d0ba-4d2d-8a7f1c0f5d5b")
                            .add("lease_id", "")
                            .add("renewable", false)
                            .add("lease_duration", 0)
                            .add("data", data)
                            .build()
                            .toString());
        } catch (Refused e) {
            JsonArrayBuilder errors = Json.createArrayBuilder().add(e.getMessage());
            return new Answer(
                    e.status,
                    Json.createObjectBuilder().add("errors", errors).build().toString());
        }
    }

    private JsonObject perform(String method, String[] parts, JsonObject body) throws Refused {
        String what = method + " " + parts[0] + (parts.length == 3 ? "/" + parts[2] : "");
        if (what.equals("POST keys")) {
            keys.computeIfAbsent(parts[1], name -> {
                var made = new Key();
                made.type = body.getString("type", "aes256-gcm96");
                made.rotate();
                return made;
            });
        }
        Key key = keys.get(parts[1]);
        if (key == null) {
            throw new Refused(method.equals("GET") ? 404 : 400, "encryption key not found");
        }
        return switch (what) {
            case "GET keys", "POST keys" -> read(parts[1], key);
            case "POST keys/rotate" -> {
                key.rotate();
                yield read(parts[1], key);
            }
            case "POST keys/config" -> configure(parts[1], key, body);
            case "POST keys/trim" -> trim(parts[1], key, body.getInt("min_available_version"));
            case "POST encrypt" -> encrypt(key, body);
            case "POST decrypt" -> decrypt(key, body);
            case "POST hmac" -> hmac(key, body);
            default -> throw new Refused(405, "unsupported operation");
        };
    }

    private JsonObject read(String name, Key key) {
        JsonObjectBuilder versions = Json.createObjectBuilder();
        key.encryption.tailMap(key.minDecryption).keySet().forEach(each -> versions.add("" + each, GIVEN_SECONDS));
        JsonObjectBuilder read = Json.createObjectBuilder()
                .add("type", key.type)
                .add("deletion_allowed", false)
                .add("derived", false)
                .add("exportable", key.exportable)
                .add("allow_plaintext_backup", false)
                .add("keys", versions)
                .add("min_decryption_version", key.minDecryption)
                .add("min_encryption_version", key.minEncryption)
                .add("name", name)
                .add("supports_encryption", true)
                .add("supports_decryption", true)
                .add("supports_derivation", true)
                .add("supports_signing", false)
                .add("imported", false);
        return read.add("min_available_version", key.minAvailable)
                .add("latest_version", key.encryption.lastKey())
                .build();
    }

    private JsonObject configure(String name, Key key, JsonObject body) throws Refused {
        int decryption = body.getInt("min_decryption_version", key.minDecryption);
        int encryption = body.getInt("min_encryption_version", key.minEncryption);
        int latest = key.encryption.lastKey();
        if (decryption > latest || encryption > latest || (encryption > 0 && encryption < decryption)) {
            throw new Refused(400, "cannot set min encryption/decryption values");
        }
        key.minDecryption = Math.max(1, decryption);
        key.minEncryption = encryption;
        return read(name, key);
    }

    private JsonObject trim(String name, Key key, int version) throws Refused {
        if (version < key.minAvailable || version > key.minEncryption || version > key.minDecryption || version < 1) {
            throw new Refused(400, "minimum available version cannot be set so");
        }
        key.minAvailable = version;
        key.encryption.headMap(version).clear();
        key.hmac.headMap(version).clear();
        return read(name, key);
    }

    private static byte[] base64(JsonObject body, String member) throws Refused {
        try {
            return Base64.getDecoder().decode(body.getString(member, ""));
        } catch (IllegalArgumentException e) {
            throw new Refused(400, "failed to base64-decode " + member);
        }
    }

    private JsonObject encrypt(Key key, JsonObject body) throws Refused {
        int version = body.getInt("key_version", 0) == 0 ? key.encryption.lastKey() : body.getInt("key_version");
        if (version > key.encryption.lastKey() || version < key.minEncryption) {
            throw new Refused(400, "requested version for encryption is not allowed");
        }
        byte[] nonce = random(12);
        byte[] sealed = cipher(Cipher.ENCRYPT_MODE, key, version, nonce, body, base64(body, "plaintext"));
        byte[] both = Arrays.copyOf(nonce, nonce.length + sealed.length);
        System.arraycopy(sealed, 0, both, nonce.length, sealed.length);
        return Json.createObjectBuilder()
                .add(
                        "ciphertext",
                        "vault:v" + version + ":" + Base64.getEncoder().encodeToString(both))
                .add("key_version", version)
                .build();
    }

    private JsonObject decrypt(Key key, JsonObject body) throws Refused {
        String[] parts = body.getString("ciphertext").split(":", 3);
        if (parts.length != 3 || !parts[0].equals("vault") || !parts[1].matches("v[0-9]{1,9}")) {
            throw new Refused(400, "invalid ciphertext: no prefix");
        }
        // As it was before versions were counted from 1.
        int version = Math.max(1, Integer.parseInt(parts[1].substring(1)));
        if (version > key.encryption.lastKey()) {
            throw new Refused(400, "invalid ciphertext: version is too new");
        }
        if (version < key.minDecryption) {
            throw new Refused(400, "ciphertext or signature version is disallowed by policy (too old)");
        }
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(parts[2]);
        } catch (IllegalArgumentException e) {
            throw new Refused(400, "invalid ciphertext: could not decode base64");
        }
        if (bytes.length < 28) {
            throw new Refused(400, "invalid ciphertext length");
        }
        byte[] opened = cipher(
                Cipher.DECRYPT_MODE,
                key,
                version,
                Arrays.copyOf(bytes, 12),
                body,
                Arrays.copyOfRange(bytes, 12, bytes.length));
        return Json.createObjectBuilder()
                .add("plaintext", Base64.getEncoder().encodeToString(opened))
                .build();
    }

    private byte[] cipher(int mode, Key key, int version, byte[] nonce, JsonObject body, byte[] bytes) throws Refused {
        try {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
            cipher.init(mode, new SecretKeySpec(key.encryption.get(version), "AES"), new GCMParameterSpec(128, nonce));
            if (!ignoresAssociatedData) {
                cipher.updateAAD(base64(body, "associated_data"));
            }
            return cipher.doFinal(bytes);
        } catch (AEADBadTagException e) {
            throw new Refused(400, "cipher: message authentication failed");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonObject hmac(Key key, JsonObject body) throws Refused {
        int version = body.getInt("key_version", 0) == 0 ? key.hmac.lastKey() : body.getInt("key_version");
        byte[] secret = key.hmac.get(version);
        if (secret == null || !body.getString("algorithm", "sha2-256").equals("sha2-256")) {
            throw new Refused(400, "cannot generate HMAC");
        }
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            String value = Base64.getEncoder().encodeToString(mac.doFinal(base64(body, "input")));
            return Json.createObjectBuilder()
                    .add("hmac", "vault:v" + version + ":" + value)
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
