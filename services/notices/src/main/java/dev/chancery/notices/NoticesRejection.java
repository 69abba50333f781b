package dev.chancery.notices;

import dev.chancery.kernel.Rejection;
import dev.chancery.kernel.Rejection.Kind;
import java.util.List;

/** The ways in which notices refuse. */
final class NoticesRejection {
    static final Rejection PAGE = new Rejection(
            "notices.page",
            Kind.INVALID,
            "The page is larger than 200, or is not one that was given.",
            "Send a page_size of at most 200, and next_page as it came.");

    /** All of them. */
    static final List<Rejection> ALL = Rejection.constantsOf(NoticesRejection.class);

    private NoticesRejection() {}
}
