package dev.chancery.firewall;

/** Why a URL is allowed or denied. The codes are stable: programs compare them. */
public enum Reason {
    BUILT_IN_ALLOW("builtin-allow"),
    WORKSPACE_ALLOW("workspace-allow"),
    CONNECTOR_ALLOW("connector-allow"),
    OVERRIDE("override"),
    /** A deny pattern of the workspace matches. */
    EXPLICIT_DENY("explicit-deny"),
    /** No pattern allows this host with this scheme and port. */
    NOT_ALLOWLISTED("not-allowlisted"),
    /** The host is an address, or resolves to one, that is not on the public internet. */
    FORBIDDEN_ADDRESS("forbidden-address"),
    /** Not one of http, https, ws and wss. */
    SCHEME_NOT_ALLOWED("scheme-not-allowed"),
    /** The URL holds a user name or a password, or an @ before its host's end. */
    CREDENTIALS_IN_URL("credentials-in-url"),
    /** No absolute URL with a host, or one that parsers read differently. */
    MALFORMED_URL("malformed-url");

    private final String code;

    Reason(String code) {
        this.code = code;
    }

    public String code() {
        return code;
    }

    /** Whether a decision with this reason allows. */
    public boolean allows() {
        return switch (this) {
            case BUILT_IN_ALLOW, WORKSPACE_ALLOW, CONNECTOR_ALLOW, OVERRIDE -> true;
            case EXPLICIT_DENY,
                    NOT_ALLOWLISTED,
                    FORBIDDEN_ADDRESS,
                    SCHEME_NOT_ALLOWED,
                    CREDENTIALS_IN_URL,
                    MALFORMED_URL -> false;
        };
    }
}
