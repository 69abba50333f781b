package dev.chancery.schema;

import java.util.regex.Pattern;

/**
 * What a feature serves besides its methods, in the form that a standard or a common tool asks for.
 *
 * @param feature the feature that serves it, e.g. {@code identity}
 * @param httpMethod {@code GET} or {@code POST}; empty for a gRPC service
 * @param path e.g. {@code /ledger/v1/tile/{file=**}}, where a variable is one segment, or with {@code =**} all that follows; for a gRPC
 *     service its full name
 * @param capability what its caller must hold, {@code resource:verb}; empty exactly where it needs no authentication
 * @param what what is there and by which standard, in one line
 */
public record ContractEndpoint(String feature, String httpMethod, String path, String capability, String what) {
    private static final Pattern VARIABLE = Pattern.compile("\\{[a-z]+(=\\*\\*)?}");

    public boolean isPublic() {
        return capability.isEmpty();
    }

    public boolean isGrpc() {
        return httpMethod.isEmpty();
    }

    /** Whether it is what answers a request, whose path is as it was sent. */
    public boolean answers(String requestMethod, String requestPath) {
        return httpMethod.equals(requestMethod)
                && (path.indexOf('{') < 0
                        ? path.equals(requestPath)
                        : paths().matcher(requestPath).matches());
    }

    private Pattern paths() {
        var expression = new StringBuilder();
        var variables = VARIABLE.matcher(path);
        int literal = 0;
        while (variables.find()) {
            expression.append(Pattern.quote(path.substring(literal, variables.start())));
            expression.append(variables.group(1) == null ? "[^/]+" : ".+");
            literal = variables.end();
        }
        return Pattern.compile(
                expression.append(Pattern.quote(path.substring(literal))).toString());
    }

    @Override
    public String toString() {
        return isGrpc() ? "gRPC " + path : httpMethod + " " + path;
    }
}
