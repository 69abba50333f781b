package dev.chancery.cli.client;

/** An instance's refusal, in its own words. */
public final class Refused extends Exception {
    private final String code;
    private final String hint;
    private final String requestId;

    /**
     * @param code stable, e.g. {@code access.self-grant}
     * @param hint what to do about it; may be empty
     * @param requestId what the instance's logs call the request; may be empty
     */
    public Refused(String code, String message, String hint, String requestId) {
        super(message);
        this.code = code;
        this.hint = hint;
        this.requestId = requestId;
    }

    public String code() {
        return code;
    }

    public String hint() {
        return hint;
    }

    public String requestId() {
        return requestId;
    }

    /** The message without null. */
    public String text() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
