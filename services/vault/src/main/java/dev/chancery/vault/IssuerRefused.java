package dev.chancery.vault;

/** A rotator did not do what it was asked for. The message is a stable code, for the log. */
final class IssuerRefused extends Exception {
    private static final long serialVersionUID = 1L;

    IssuerRefused(String code) {
        super(code, null, false, false);
    }
}
