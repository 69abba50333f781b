package dev.chancery.notices;

/** A channel did not take a notice. */
final class NotDelivered extends Exception {
    private static final long serialVersionUID = 1;

    /** The person has no address, or its key was destroyed: only somebody who changes that can help. */
    static final String NO_ADDRESS = "no-address";

    /** The other side said no. */
    static final String REFUSED = "refused";

    static final String UNREACHABLE = "unreachable";

    /** The host is on no list of what may be reached. */
    static final String NOT_ALLOWED = "not-allowed";

    /** It was due for too long before it could be tried. */
    static final String TOO_LATE = "too-late";

    private final String code;

    NotDelivered(String code) {
        super(code, null, false, false);
        this.code = code;
    }

    String code() {
        return code;
    }
}
