package dev.chancery.decision;

import java.util.Optional;

/**
 * What decisions about a principal rest on, and the position that it is true at.
 *
 * @param actingFor whom it acts for, who then has to be allowed it too, and has to let it; empty: it acts for itself
 * @param consents what those have consented to whom the question is about
 * @param position of the last record it takes into account; -1 when the log has none
 */
public record AuthorityAt(Authority authority, Optional<Authority> actingFor, ConsentGate consents, long position) {}
