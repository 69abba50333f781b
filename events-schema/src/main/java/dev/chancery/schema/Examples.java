package dev.chancery.schema;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One valid request per method, as proto3 JSON. The whole message: a REST caller takes the path's variables out of it.
 *
 * <p>Values that only a running installation knows are placeholders, see {@link #PLACEHOLDERS}.
 */
public final class Examples {
    /**
     * {@code principal}, {@code workspace}, {@code assignment}: ids of existing ones. {@code role}, {@code group}: names of existing ones.
     * {@code groupAssignment}: id of an assignment to that group. {@code capability}: one of the organisation's own that no role bundles. {@code
     * publicKey}: base64 of a raw Ed25519 public key. {@code claim}: the owner claim. {@code assertion}: a client assertion. {@code refreshToken}: one that is good; {@code session}: id of a session of the caller. {@code tokenKey}: id of the next key of access tokens.
     * {@code signingKey}, {@code signingKeyId}: name and id of a key that signs statements.
     * {@code elevationRole}: name of a role that has an elevation policy. {@code requester}: id of a principal, and {@code requested}, {@code
     * elevated}, {@code over}: ids of an elevation of theirs that waits for approval, is held, has ended. {@code override}: id of an egress
     * override of {@code workspace} that somebody else asked for. {@code issuer}: id of a
     * trusted issuer, {@code issuerKey}: base64url of its raw Ed25519 public key, {@code subjectToken}: a token of one, for the
     * organisation with the id {@code organisation}. {@code agent}: id of an agent, {@code delegation}: of what lets it act for the caller,
     * {@code inAnHour}: Unix time in milliseconds.
     * {@code unique}: 1 to 32 lower-case letters and digits, another for each request that creates something. {@code environment}: name of
     * an environment of the vault with a secret {@code db/password} of two versions, a generated one, {@code db/session}, and two versions of
     * its key of which the first wraps nothing; {@code database}: name of a database in it that is there, with credentials by that name and
     * {@code -app}, {@code connector}: name of one that is connected in {@code workspace}, {@code lease}: id of a lease of the caller's. {@code purpose}: name of a purpose that has a
     * notice, and {@code consent}: id of a consent of the caller's to it. {@code guardian}, {@code ward}: ids of a user and of a principal whose
     * guardian it is. {@code subjectRequest}, {@code verifiedRequest}, {@code completedRequest}: ids of requests of another principal for
     * rectification, {@code accessRequest}, {@code exportRequest}: for access; {@code task}: of a system that the latter asks, {@code
     * holder}: name of a system. {@code heldSubject}: id of a principal with a legal hold, {@code hold}: the hold's. {@code erased}: id of a principal whose
     * erasure was decided.
     */
    public static final Set<String> PLACEHOLDERS = Set.of(
            "principal",
            "workspace",
            "role",
            "capability",
            "group",
            "groupAssignment",
            "assignment",
            "publicKey",
            "claim",
            "assertion",
            "refreshToken",
            "session",
            "tokenKey",
            "signingKey",
            "signingKeyId",
            "unique",
            "elevationRole",
            "requester",
            "requested",
            "elevated",
            "over",
            "override",
            "environment",
            "database",
            "connector",
            "lease",
            "issuer",
            "issuerKey",
            "subjectToken",
            "organisation",
            "agent",
            "delegation",
            "inAnHour",
            "purpose",
            "consent",
            "guardian",
            "ward",
            "subjectRequest",
            "verifiedRequest",
            "completedRequest",
            "accessRequest",
            "exportRequest",
            "task",
            "holder",
            "heldSubject",
            "hold",
            "erased");

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Za-z]+)}");
    // What needs no escaping inside a JSON string.
    private static final Pattern VALUE = Pattern.compile("[A-Za-z0-9+/=._:-]+");

    private Examples() {}

    /** The method's example, with placeholders. */
    public static String of(ContractMethod method) {
        String resource = "/chancery/examples/" + method.fullName() + ".json";
        try (InputStream in = Examples.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new InvalidContract(method.fullName(), "has no example");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Puts values in place of placeholders.
     *
     * @throws IllegalArgumentException if a placeholder has no value, or one that would need escaping
     */
    public static String fill(String template, Map<String, String> values) {
        return PLACEHOLDER.matcher(template).replaceAll(match -> {
            String name = match.group(1);
            String value = values.get(name);
            if (value == null || !VALUE.matcher(value).matches()) {
                throw new IllegalArgumentException("no usable value for the placeholder " + name);
            }
            return Matcher.quoteReplacement(value);
        });
    }
}
