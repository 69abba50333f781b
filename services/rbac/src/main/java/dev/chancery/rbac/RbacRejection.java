package dev.chancery.rbac;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** Why a list is refused. */
public final class RbacRejection {
    public static final Rejection PAGE = new Rejection(
            "rbac.page",
            Kind.INVALID,
            "The page token is not valid for this list.",
            "Send the previous reply's next_page unchanged to the same method. Leave it out for the first page.");

    public static final Rejection PAGE_SIZE = new Rejection(
            "rbac.page-size", Kind.INVALID, "The page size is too large.", "Ask for 1 to 200; 0 asks for 100.");

    public static final Rejection NO_SUCH_PRINCIPAL = new Rejection(
            "rbac.no-such-principal",
            Kind.NOT_FOUND,
            "There is no such principal in this organisation.",
            "Check the id, and send Chancery-Position if the principal is new.");

    /** All of them. */
    public static final List<Rejection> ALL = Rejection.constantsOf(RbacRejection.class);

    private RbacRejection() {}
}
