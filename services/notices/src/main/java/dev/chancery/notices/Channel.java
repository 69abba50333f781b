package dev.chancery.notices;

import dev.chancery.schema.notices.v1.NoticeChannel;
import java.util.Optional;
import java.util.function.Supplier;

/** A way out for notices. */
interface Channel {
    NoticeChannel id();

    /**
     * Delivers a notice: it is taken when this returns.
     *
     * @param address the person's; opened only where it is needed
     */
    void deliver(Notice notice, Supplier<Optional<String>> address) throws NotDelivered;
}
