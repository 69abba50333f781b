package dev.chancery.command;

import dev.chancery.kernel.Principal;

/**
 * What a query may know.
 *
 * @param requirement what {@link #require} asks
 */
public record ReadContext(Principal principal, long atMicros, Requirement requirement) {
    /** Refuses a caller that lacks a capability in the whole organisation, or was authenticated too long ago to use it. */
    @FunctionalInterface
    public interface Requirement {
        void require(String capability) throws RefusedException;
    }

    public String tenant() {
        return principal.tenant();
    }

    /**
     * Refuses a caller that lacks a capability beyond the method's own, in the whole organisation and freshly enough authenticated: for an
     * answer that holds more for those who have it.
     *
     * @throws RefusedException as the boundary refuses: {@code auth.forbidden}, {@code auth.step-up}
     */
    public void require(String capability) throws RefusedException {
        requirement.require(capability);
    }
}
