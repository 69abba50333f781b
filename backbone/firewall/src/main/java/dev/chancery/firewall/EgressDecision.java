package dev.chancery.firewall;

/**
 * The answer to one question.
 *
 * @param host as the URL Standard writes it, IPv6 in brackets; empty where the URL has none that could be read
 * @param detail the pattern or the range that decided, or empty; for people, not part of the contract
 */
public record EgressDecision(Reason reason, String host, String detail) {
    public boolean allowed() {
        return reason.allows();
    }
}
