package dev.chancery.command;

import dev.chancery.kernel.Principal;

/** What a query may know. */
public record ReadContext(Principal principal, long atMicros) {
    public String tenant() {
        return principal.tenant();
    }
}
