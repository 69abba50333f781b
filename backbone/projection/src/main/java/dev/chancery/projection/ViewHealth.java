package dev.chancery.projection;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What a projection's tables say of its health, whichever process found it and however long ago.
 *
 * @param stoppedTenants stopped by a fork
 * @param passedOver messages on the log's topic that no source of this installation signed, by reason
 */
public record ViewHealth(long stoppedTenants, Map<String, Long> passedOver) {
    /** Every reason for which a message is passed over. */
    public static final List<String> REASONS =
            Arrays.stream(Foreign.Reason.values()).map(Foreign.Reason::label).toList();

    static final ViewHealth UNKNOWN = new ViewHealth(0, Map.of());

    public ViewHealth {
        passedOver = Map.copyOf(passedOver);
    }
}
