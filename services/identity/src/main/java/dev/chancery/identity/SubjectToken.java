package dev.chancery.identity;

import dev.chancery.boundary.tokens.IssuerKeys;
import dev.chancery.boundary.tokens.Jwt;
import dev.chancery.boundary.tokens.JwtVerifier;
import dev.chancery.boundary.tokens.JwtVerifier.Expected;
import dev.chancery.schema.identity.v1.ClaimCondition;
import dev.chancery.schema.identity.v1.IssuerKey;
import dev.chancery.schema.identity.v1.IssuerTrusted;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A token of an issuer that an organisation trusts (OIDC Core, RFC 7519), verified by the keys that it registered. The issuer may be
 * anybody: nothing that the token brings along says how it is to be verified.
 */
final class SubjectToken {
    /** How far the issuer's clock may be off. */
    static final int MAX_SKEW_SECONDS = 60;

    static final Duration MAX_VALIDITY = Duration.ofHours(24);

    private static final int MAX_SUBJECT_CHARS = 255;
    private static final int MAX_NAME_CHARS = 128;
    private static final int MAX_GROUPS = 1_000;
    /** Other keys, other types, and what would have to be understood. */
    private static final Set<String> HEADERS = Set.of("alg", "kid", "typ");

    /** Why a token is worth nothing. */
    enum Fault {
        /** Not signed by the issuer's key, or not the form that is asked for. */
        UNSIGNED,
        AUDIENCE,
        TIME,
        CONDITIONS,
        SUBJECT
    }

    private final Jwt jwt;
    private final IssuerTrusted issuer;

    private SubjectToken(Jwt jwt, IssuerTrusted issuer) {
        this.jwt = jwt;
        this.issuer = issuer;
    }

    /** A token that was not verified yet, of the issuer that it names. */
    static SubjectToken of(Jwt jwt, IssuerTrusted issuer) {
        return new SubjectToken(jwt, issuer);
    }

    /** What is wrong with it. More than {@link Fault#UNSIGNED} is said only of what is signed by the issuer. */
    Optional<Fault> fault(Instant now) {
        Optional<IssuerKey> key = key();
        if (key.isEmpty() || !isPlain()) {
            return Optional.of(Fault.UNSIGNED);
        }
        var expected = new Expected(
                issuer.getIssuer(), Set.copyOf(issuer.getAudiencesList()), MAX_SKEW_SECONDS, Set.of("iat", "exp"));
        return switch (JwtVerifier.verify(
                jwt, IssuerKeys.read(key.get()), key.get().getAlgorithm(), expected)) {
            case BAD -> Optional.of(Fault.UNSIGNED);
            case ANOTHER_AUDIENCE -> Optional.of(Fault.AUDIENCE);
            case EXPIRED -> Optional.of(Fault.TIME);
            case GOOD -> signedFault(now);
        };
    }

    private Optional<Fault> signedFault(Instant now) {
        // Where others are named as well, each of them could use it here.
        if (!Set.copyOf(issuer.getAudiencesList()).containsAll(texts("aud"))) {
            return Optional.of(Fault.AUDIENCE);
        }
        if (!isTimely(now)) {
            return Optional.of(Fault.TIME);
        }
        if (!issuer.getConditionsList().stream().allMatch(this::fulfils)) {
            return Optional.of(Fault.CONDITIONS);
        }
        return subject().isEmpty() ? Optional.of(Fault.SUBJECT) : Optional.empty();
    }

    /** The key that the token names; one without a name where the issuer has one key, and it has no name either. */
    private Optional<IssuerKey> key() {
        if (jwt.header().containsKey("kid") && jwt.header("kid").isEmpty()) {
            return Optional.empty();
        }
        String named = jwt.header("kid").orElse("");
        List<IssuerKey> keys = issuer.getKeysList();
        if (named.isEmpty()) {
            return keys.size() == 1 ? Optional.of(keys.getFirst()) : Optional.empty();
        }
        return keys.stream().filter(key -> key.getKeyId().equals(named)).findFirst();
    }

    private boolean isPlain() {
        return HEADERS.containsAll(jwt.header().keySet())
                && (!jwt.header().containsKey("typ")
                        || jwt.header("typ").filter("JWT"::equalsIgnoreCase).isPresent());
    }

    private boolean isTimely(Instant now) {
        Optional<Instant> issued = instant("iat");
        Optional<Instant> ends = instant("exp");
        return issued.isPresent()
                && ends.isPresent()
                && !issued.get().isAfter(now.plusSeconds(MAX_SKEW_SECONDS))
                && !ends.get().isAfter(issued.get().plus(MAX_VALIDITY));
    }

    private boolean fulfils(ClaimCondition condition) {
        return texts(condition.getClaim()).stream().anyMatch(text -> condition.getValuesList().stream()
                .anyMatch(value -> condition.getPrefix() ? text.startsWith(value) : text.equals(value)));
    }

    /** Who it is at the issuer, for good. */
    Optional<String> subject() {
        return value(issuer.getSubjectClaim())
                .filter(JsonString.class::isInstance)
                .map(value -> ((JsonString) value).getString())
                .filter(text -> !text.isEmpty()
                        && text.length() <= MAX_SUBJECT_CHARS
                        && text.chars().noneMatch(Character::isISOControl));
    }

    /** The groups that its issuer says it has. */
    Set<String> groups() {
        return new HashSet<>(
                texts(issuer.getGroupsClaim()).stream().limit(MAX_GROUPS).toList());
    }

    /** What it is called, for people to read: what the issuer says, else who it is. */
    String displayName() {
        return Stream.of("name", "preferred_username")
                .flatMap(claim -> jwt.claim(claim).stream())
                .map(SubjectToken::printable)
                .filter(name -> !name.isEmpty())
                .findFirst()
                .or(() -> subject().map(SubjectToken::printable).filter(name -> !name.isEmpty()))
                .orElse("?");
    }

    private static String printable(String text) {
        String plain = text.replaceAll("[\\p{Cc}\\p{Cf}\\u2028\\u2029]", "").strip();
        return plain.substring(0, Math.min(plain.length(), MAX_NAME_CHARS));
    }

    /** Its e-mail address, if the issuer has seen that it is its own. */
    Optional<String> email() {
        return jwt.claims().get("email_verified") == JsonValue.TRUE
                ? jwt.claim("email").filter(address -> address.matches("[^@\\s\\p{Cc}]{1,64}@[^@\\s\\p{Cc}]{1,189}"))
                : Optional.empty();
    }

    /**
     * When it authenticated: of a person, when the issuer says so and otherwise nobody knows; of a program, when it got the token, with its
     * own credential.
     */
    Instant authenticatedAt(boolean person) {
        Instant issued = instant("iat").orElse(Instant.EPOCH);
        return instant("auth_time")
                .map(time -> time.isAfter(issued) ? issued : time)
                .orElse(person ? Instant.EPOCH : issued);
    }

    /** How it authenticated, as the issuer calls it; empty where it does not say. */
    String acr() {
        return jwt.claim("acr").filter(value -> value.matches("[!-~]{1,128}")).orElse("");
    }

    Instant expiresAt() {
        return instant("exp").orElseThrow();
    }

    /** What it is told apart by from each other token of its issuer: its id or, where it has none, all that is signed. */
    String id() {
        return jwt.claim("jti")
                .filter(id -> !id.isEmpty())
                .map(id -> "jti\n" + id)
                .orElseGet(() -> jwt.text().substring(0, jwt.text().lastIndexOf('.')));
    }

    private Optional<Instant> instant(String claim) {
        try {
            return jwt.claims().get(claim) instanceof JsonNumber seconds
                    ? Optional.of(Instant.ofEpochSecond(seconds.longValueExact()))
                    : Optional.empty();
        } catch (ArithmeticException | java.time.DateTimeException e) {
            return Optional.empty();
        }
    }

    /** A claim's text, or the texts of its list; numbers and truths as JSON writes them. */
    private List<String> texts(String claim) {
        return value(claim)
                .map(value -> value instanceof JsonArray several
                        ? several.stream().flatMap(SubjectToken::text).toList()
                        : text(value).toList())
                .orElse(List.of());
    }

    private static Stream<String> text(JsonValue value) {
        return switch (value.getValueType()) {
            case STRING -> Stream.of(((JsonString) value).getString());
            case NUMBER, TRUE, FALSE -> Stream.of(value.toString());
            default -> Stream.of();
        };
    }

    private Optional<JsonValue> value(String claim) {
        JsonObject claims = jwt.claims();
        if (!claim.startsWith("/")) {
            return Optional.ofNullable(claims.get(claim));
        }
        try {
            return Optional.of(Json.createPointer(claim).getValue(claims));
        } catch (JsonException e) {
            return Optional.empty();
        }
    }
}
