package dev.chancery.decision;

/**
 * What decisions about a principal rest on, and the position that it is true at.
 *
 * @param consents what those have consented to whom the question is about
 * @param position of the last record it takes into account; -1 when the log has none
 */
public record AuthorityAt(Authority authority, ConsentGate consents, long position) {}
