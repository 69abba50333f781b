package dev.chancery.rbac;

import dev.chancery.kernel.Rejection;

/** Why a list is refused. */
public enum RbacRejection implements Rejection {
    PAGE(
            "rbac.page",
            Kind.INVALID,
            "The page is none that this list has answered.",
            "Send next_page of the reply before as it was received, to the same method; leave it out for the first page."),
    PAGE_SIZE(
            "rbac.page-size",
            Kind.INVALID,
            "The page size is larger than a page may be.",
            "Ask for 1 to 200; 0 asks for 100."),
    NO_SUCH_PRINCIPAL(
            "rbac.no-such-principal",
            Kind.NOT_FOUND,
            "There is no such principal in this organisation.",
            "Check the id, and send Chancery-Position if the principal is new.");

    private final String code;
    private final Kind kind;
    private final String message;
    private final String hint;

    RbacRejection(String code, Kind kind, String message, String hint) {
        this.code = code;
        this.kind = kind;
        this.message = message;
        this.hint = hint;
    }

    @Override
    public String code() {
        return code;
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public String message() {
        return message;
    }

    @Override
    public String hint() {
        return hint;
    }
}
